"""What the old password column may hold, and what of it is kept."""

import base64
import hashlib
import hmac
import pickle

import bcrypt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from legacy_import.password_column import read_password, read_raw_digest
from legacy_import.passwords import LONGEST_STORED, OldPassword, PasswordKind, PasswordRules, WeakPassword

HASH = "$2b$10$24Kkkh.ZW4fCZcqsEfG5fOXBOXKAoWmVwjVWC.jheeakiDnK/JVLy"
ARGON2 = "$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHRzYWx0$uZn3nIPBIAM1MHvBOTsUsOUhOJMYuSjjDvQ8y4pmjZQ"
KEY64, KEY512 = "ab" * 64, "ab" * 512
MD5 = "5f4dcc3b5aa765d61d8327deb882cf99"
KDF = base64.b64encode(b"scrypt\0\x0e" + (8).to_bytes(4, "big") + (1).to_bytes(4, "big") + bytes(80)).decode()

KEPT = [
    (HASH, PasswordKind.BCRYPT),
    (HASH.replace("$2b$", "$2a$"), PasswordKind.BCRYPT),
    (HASH.replace("$2b$", "$2y$"), PasswordKind.BCRYPT),
    (HASH.replace("$10$", "$04$"), PasswordKind.BCRYPT),
    (HASH.replace("$10$", "$15$"), PasswordKind.BCRYPT),
    (f" {HASH}\0\0\n", PasswordKind.BCRYPT),
    (ARGON2, PasswordKind.ARGON2),
    (ARGON2.replace("argon2id", "argon2i"), PasswordKind.ARGON2),
    (ARGON2.replace("argon2id", "argon2d"), PasswordKind.ARGON2),
    (ARGON2.replace("v=19$", ""), PasswordKind.ARGON2),
    (ARGON2.replace("m=65536,t=3,p=4", "t=3,m=65536,p=4"), PasswordKind.ARGON2),
    (f"scrypt:32768:8:1$salt${KEY64}", PasswordKind.SCRYPT),
    (f"scrypt$16384$8$1$salt${KEY64}", PasswordKind.SCRYPT),
    ("$scrypt$ln=15,r=8,p=1$c2FsdA$" + "A" * 43, PasswordKind.SCRYPT),
    ("$scrypt$n=16384,r=8,p=1$c2FsdA$" + "A" * 43, PasswordKind.SCRYPT),
    (f"s2:salt:{KEY64}", PasswordKind.SCRYPT),
    (KDF, PasswordKind.SCRYPT),
    (f"00112233445566778899aabbccddeeff:{KEY64}", PasswordKind.SCRYPT),
    (f"{KEY64}.00112233445566778899aabbccddeeff", PasswordKind.SCRYPT),
    (f"pbkdf2$10000$salt${KEY64}", PasswordKind.PBKDF2),
    ("pbkdf2_sha256$600000$salt$" + base64.b64encode(bytes(32)).decode(), PasswordKind.PBKDF2),
    (f"pbkdf2:sha256:260000$salt${'ab' * 32}", PasswordKind.PBKDF2),
    (f"pbkdf2:sha512:10000:salt:{KEY64}", PasswordKind.PBKDF2),
    ("$pbkdf2-sha512$i=10000,l=64$c2FsdA$" + "A" * 86, PasswordKind.PBKDF2),
    ("$pbkdf2-sha256$29000$c2FsdA$" + "." * 43, PasswordKind.PBKDF2),
    (f"sha512:10000:c2FsdA==:{base64.b64encode(bytes(64)).decode()}", PasswordKind.PBKDF2),
]  # fmt: skip
HASHED = [
    (MD5, "md5"),
    (MD5.upper(), "md5"),
    ("5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8", "sha1"),
    ("a" * 56, "sha224"),
    ("a" * 64, "sha256"),
    ("a" * 96, "sha384"),
    ("a" * 128, "sha512"),
    (base64.b64encode(bytes(20)).decode(), "sha1"),
    (f"pepper:{MD5}", "md5"),
    (f"{MD5}:pepper", "md5"),
    (f"sha1$pepper${'a' * 40}", "sha1"),
    (f"sha256$pepper$1${'a' * 64}", "sha256"),
    ("{SHA}" + base64.b64encode(bytes(20)).decode(), "sha1"),
    ("{SSHA}" + base64.b64encode(bytes(24)).decode(), "sha1"),
    ("hunter2", ""),
    ("correct horse battery staple", ""),
    ("$200 a week", ""),
    ("Pässwörter", ""),
    ("true love", ""),
]
UNUSABLE = [
    (HASH.replace("$10$", "$16$"), PasswordKind.TOO_COSTLY),
    (HASH.replace("$10$", "$31$"), PasswordKind.TOO_COSTLY),
    (HASH.replace("$10$", "$32$"), PasswordKind.MALFORMED),
    (HASH.replace("$10$", "$03$"), PasswordKind.MALFORMED),
    (HASH.replace("$10$", "$1\N{ARABIC-INDIC DIGIT ZERO}$"), PasswordKind.MALFORMED),
    (HASH.replace("$2b$", "$2x$"), PasswordKind.MALFORMED),
    (HASH[:-1], PasswordKind.MALFORMED),
    (HASH[:28] + "v" + HASH[29:], PasswordKind.MALFORMED),
    (ARGON2[:40], PasswordKind.MALFORMED),
    (ARGON2.replace("m=65536", "m=262145"), PasswordKind.TOO_COSTLY),
    (ARGON2.replace("m=65536,t=3", "m=262144,t=5"), PasswordKind.TOO_COSTLY),
    (ARGON2.replace("m=65536,t=3,p=4", "m=65536,t=3"), PasswordKind.MALFORMED),
    (f"scrypt:1048576:8:1$salt${KEY64}", PasswordKind.TOO_COSTLY),
    (f"scrypt:1000:8:1$salt${KEY64}", PasswordKind.TOO_COSTLY),
    ("$scrypt$ln=31,r=8,p=1$c2FsdA$" + "A" * 43, PasswordKind.TOO_COSTLY),
    (f"scrypt:x:8:1$salt${KEY64}", PasswordKind.MALFORMED),
    (KDF[:100], PasswordKind.MALFORMED),
    (f"pbkdf2$10000001$salt${KEY64}", PasswordKind.TOO_COSTLY),
    ("pbkdf2$10000$salt$zz!", PasswordKind.MALFORMED),
    ("a" * 60, PasswordKind.UNKNOWN),
    (HASH[7:] + HASH[7:], PasswordKind.UNKNOWN),
    ("$6$rounds=5000$salt$hash", PasswordKind.UNKNOWN),
    ('{"iv": "00"}', PasswordKind.UNKNOWN),
    ("U2FsdGVkX1+vupppZksvRf5pq5g5XjFRIipRkwB0K1Y=", PasswordKind.ENCRYPTED),
    ("a\0b", PasswordKind.UNKNOWN),
    ("x" * 10_000, PasswordKind.UNKNOWN),
    ("y " * 5_000, PasswordKind.TOO_LONG),
    (f"pbkdf2$10000${'s' * 500}${KEY64}", PasswordKind.TOO_LONG),
    ("google", PasswordKind.PLACEHOLDER),
    ("NULL", PasswordKind.PLACEHOLDER),
    ("", PasswordKind.EMPTY),
    (" \n", PasswordKind.EMPTY),
]  # fmt: skip


@pytest.mark.parametrize(("stored", "kind"), KEPT)
def test_what_is_slow_to_guess_is_kept_as_it_is(stored: str, kind: PasswordKind) -> None:
    found = read_password(stored)

    assert found.kind is kind
    assert isinstance(found.stored, str)
    assert found.stored.startswith(f"{kind}_node$")


@pytest.mark.parametrize(("stored", "algorithm"), HASHED)
def test_what_is_fast_to_guess_is_to_be_hashed(stored: str, algorithm: str) -> None:
    found = read_password(stored)

    assert found.kind is (PasswordKind.DIGEST if algorithm else PasswordKind.PLAIN)
    assert isinstance(found.stored, WeakPassword)
    assert found.stored.algorithm == algorithm


@pytest.mark.parametrize(("stored", "kind"), UNUSABLE)
def test_all_else_is_unusable(stored: str, kind: PasswordKind) -> None:
    assert read_password(stored) == OldPassword(kind)


@pytest.mark.parametrize(
    ("rules", "stored", "salt", "form"),
    [
        (PasswordRules(), KEY64, "pepper", "pbkdf2_node$sha512$10000$"),
        (PasswordRules(), KEY512, "pepper", "pbkdf2_node$sha256$25000$"),
        (PasswordRules(iterations=1000), KEY64, "pepper", "pbkdf2_node$sha512$1000$"),
        (PasswordRules(scheme="pbkdf2", iterations=100_000), f"pepper:{KEY64}", "", "pbkdf2_node$sha512$100000$"),
        (PasswordRules(scheme="pbkdf2", algorithm="sha1"), "ab" * 20, "pepper", "pbkdf2_node$sha1$10000$"),
        (PasswordRules(scheme="scrypt", n=32_768, r=16), f"pepper:{KEY64}", "", "scrypt_node$32768$16$1$"),
        (PasswordRules(scheme="scrypt", salt_encoding="hex"), f"00ff:{KEY64}", "", "scrypt_node$16384$8$1$AP8=$"),
        (PasswordRules(scheme="scrypt", salt_encoding="base64"), KEY64, "AP8", "scrypt_node$16384$8$1$AP8=$"),
    ],
)
def test_a_mapping_says_what_a_hash_does_not(rules: PasswordRules, stored: str, salt: str, form: str) -> None:
    assert str(read_password(stored, salt, rules).stored).startswith(form)


def test_a_mapping_can_say_that_a_digest_is_plain_or_that_nothing_is_usable() -> None:
    plain = read_password(MD5, rules=PasswordRules(scheme="plain"))

    assert plain == OldPassword(PasswordKind.PLAIN, WeakPassword(MD5))
    assert read_password(HASH, rules=PasswordRules(scheme="unusable")) == OldPassword(PasswordKind.REFUSED)


def test_a_salt_that_is_not_in_the_encoding_of_the_mapping_is_malformed() -> None:
    rules = PasswordRules(scheme="scrypt", salt_encoding="hex")

    assert read_password(f"pepper:{KEY64}", rules=rules) == OldPassword(PasswordKind.MALFORMED)


def test_where_the_salt_stands_and_how_often_is_remembered() -> None:
    rules = PasswordRules(order="hmac")
    made = hmac.new(b"pepper", b"secret", "sha256").hexdigest()

    assert read_password(f"sha1$s$3${'a' * 40}").stored == WeakPassword("a" * 40, "sha1", "hmac", b"s", 3)
    assert read_password(made, "pepper", rules).stored == WeakPassword(made, "sha256", "hmac", b"pepper")


def test_a_digest_kept_as_bytes_is_read() -> None:
    assert read_raw_digest(hashlib.md5(b"secret").digest()) == hashlib.md5(b"secret").hexdigest()
    assert read_raw_digest(HASH.encode()) == HASH
    assert read_raw_digest(b"sixteen letters!") == "sixteen letters!"


@pytest.mark.parametrize("version", ["2a", "2b", "2y"])
def test_what_is_called_bcrypt_really_checks(version: str) -> None:
    made = bcrypt.hashpw(b"Legacy-pass-00", bcrypt.gensalt(4)).decode().replace("$2b$", f"${version}$")
    stored = read_password(made).stored

    assert isinstance(stored, str)
    assert bcrypt.checkpw(b"Legacy-pass-00", stored.removeprefix("bcrypt_node$").encode())


def test_bcrypt_as_adonis_writes_it_becomes_bcrypt() -> None:
    letters = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    standard = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    rest = HASH[7:].translate(str.maketrans(letters, standard))

    assert read_password(f"$bcrypt$v=98$r=10${rest[:22]}${rest[22:]}").stored == f"bcrypt_node${HASH}"


def test_a_salt_that_the_bcrypt_library_would_refuse_is_not_called_usable() -> None:
    with pytest.raises(ValueError, match="salt"):
        bcrypt.checkpw(b"Legacy-pass-00", (HASH[:28] + "v" + HASH[29:]).encode())


def test_a_weak_password_shows_nothing_and_its_fingerprint_needs_the_key() -> None:
    weak = WeakPassword("hunter2")

    assert "hunter2" not in f"{weak} {weak!r} {OldPassword(PasswordKind.PLAIN, weak)}"
    assert weak.fingerprint(b"key") == pickle.loads(pickle.dumps(weak)).fingerprint(b"key")
    assert len({weak.fingerprint(b"key"), weak.fingerprint(b"other"), WeakPassword("hunter3").fingerprint(b"key")}) == 3


WORDS = st.sampled_from(["$", ":", ".", "pbkdf2", "scrypt", "sha1", "$argon2id", "$2b$", "10", "a" * 64, MD5, "{SSHA}"])
RULES = st.sampled_from([
    PasswordRules(),
    PasswordRules(scheme="scrypt", salt_encoding="base64"),
    PasswordRules(scheme="pbkdf2", algorithm="x", salt_encoding="hex"),
])  # fmt: skip


@given(st.one_of(st.text(), st.lists(WORDS).map("".join)), st.text(), RULES)
def test_anything_is_read_without_an_error(stored: str, salt: str, rules: PasswordRules) -> None:
    found = read_password(stored, salt, rules)

    if isinstance(found.stored, str):
        assert len(found.stored) <= LONGEST_STORED
        assert found.stored.isascii()
