"""What the old password column may hold."""

import bcrypt
import pytest

from legacy_import.passwords import PasswordKind, classify, encode_for_storage

HASH = "$2b$10$24Kkkh.ZW4fCZcqsEfG5fOXBOXKAoWmVwjVWC.jheeakiDnK/JVLy"
KINDS = [
    (HASH, PasswordKind.BCRYPT),
    (HASH.replace("$2b$", "$2a$"), PasswordKind.BCRYPT),
    (HASH.replace("$2b$", "$2y$"), PasswordKind.BCRYPT),
    (HASH.replace("$10$", "$04$"), PasswordKind.BCRYPT),
    (HASH.replace("$10$", "$15$"), PasswordKind.BCRYPT),
    (HASH.replace("$10$", "$16$"), PasswordKind.BCRYPT_TOO_COSTLY),
    (HASH.replace("$10$", "$31$"), PasswordKind.BCRYPT_TOO_COSTLY),
    (HASH.replace("$10$", "$32$"), PasswordKind.BCRYPT_MALFORMED),
    (HASH.replace("$10$", "$03$"), PasswordKind.BCRYPT_MALFORMED),
    (HASH.replace("$10$", "$1\N{ARABIC-INDIC DIGIT ZERO}$"), PasswordKind.BCRYPT_MALFORMED),
    (HASH.replace("$2b$", "$2x$"), PasswordKind.BCRYPT_MALFORMED),
    (HASH[:-1], PasswordKind.BCRYPT_MALFORMED),
    (HASH + "\n", PasswordKind.BCRYPT_MALFORMED),
    ("$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$aGFzaA", PasswordKind.ARGON2),
    ("scrypt:32768:8:1$salt$00ff", PasswordKind.SCRYPT),
    ("pbkdf2_sha256$600000$salt$aGFzaA=", PasswordKind.PBKDF2),
    ("5f4dcc3b5aa765d61d8327deb882cf99", PasswordKind.MD5),
    ("5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8", PasswordKind.SHA1),
    ("a" * 64, PasswordKind.SHA256),
    ("a" * 128, PasswordKind.SHA512),
    ("hunter2", PasswordKind.OTHER),
    ("$200 a week", PasswordKind.OTHER),
    ("", PasswordKind.EMPTY),
    (None, PasswordKind.EMPTY),
]


@pytest.mark.parametrize(("stored", "kind"), KINDS)
def test_each_kind_is_recognised(stored: str | None, kind: PasswordKind) -> None:
    assert classify(stored) is kind


@pytest.mark.parametrize(("stored", "kind"), KINDS)
def test_only_bcrypt_of_a_bearable_cost_is_stored(stored: str | None, kind: PasswordKind) -> None:
    expected = f"bcrypt_node${stored}" if kind is PasswordKind.BCRYPT else None

    assert encode_for_storage(stored) == expected


@pytest.mark.parametrize("version", ["2a", "2b", "2y"])
def test_what_is_called_usable_really_checks(version: str) -> None:
    stored = bcrypt.hashpw(b"Legacy-pass-00", bcrypt.gensalt(4)).decode().replace("$2b$", f"${version}$")

    assert classify(stored).is_usable
    assert bcrypt.checkpw(b"Legacy-pass-00", stored.encode())


def test_a_salt_that_the_bcrypt_library_would_refuse_is_not_called_usable() -> None:
    stored = HASH[:28] + "v" + HASH[29:]

    assert classify(stored) is PasswordKind.BCRYPT_MALFORMED
    with pytest.raises(ValueError, match="salt"):
        bcrypt.checkpw(b"Legacy-pass-00", stored.encode())
