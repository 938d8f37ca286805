"""Hashes of the old site are checked as their makers would, and nothing that they say breaks a login."""

import hashlib
import hmac
import threading
from base64 import b64encode

import pytest
from django.contrib.auth.hashers import get_hashers, identify_hasher, verify_password
from hypothesis import example, given, settings
from hypothesis import strategies as st

from legacy_import.hashing import hash_weak
from legacy_import.password_column import read_password
from legacy_import.passwords import WeakPassword
from tests.legacy_import.old_passwords import HASHED, KEPT, PASSWORD, Stored
from users.hashers import Argon2idHasher
from users.old_hashers import OldHasher
from users.password_costs import is_bearable_argon2, is_bearable_bcrypt, is_bearable_pbkdf2, is_bearable_scrypt


def to_store(old: Stored) -> str:
    """Return what an import writes into our column."""
    found = read_password(old.password, old.salt, old.rules).stored
    assert found is not None
    return hash_weak([found])[0] if isinstance(found, WeakPassword) else found


@pytest.mark.parametrize("form", [*KEPT, *HASHED])
def test_the_old_password_fits_and_no_other(form: str) -> None:
    stored = to_store({**KEPT, **HASHED}[form])

    assert verify_password(PASSWORD, stored) == (True, form != "plain")
    assert verify_password("Legacy-pass-01", stored)[0] is False
    assert PASSWORD not in stored
    assert len(stored) <= 512


@pytest.mark.parametrize("form", [form for form in HASHED if form != "plain"])
def test_a_fast_digest_is_not_at_rest_and_is_no_password_itself(form: str) -> None:
    old = HASHED[form]
    stored = to_store(old)

    assert stored.startswith("argon2_over$")
    assert old.password not in stored
    assert verify_password(old.password, stored)[0] is False


def test_a_batch_is_hashed_in_its_order_and_by_several_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: set[str] = set()
    encode = Argon2idHasher.encode

    def noting(hasher: Argon2idHasher, password: str, salt: str) -> str:
        threads.add(threading.current_thread().name)
        return str(encode(hasher, password, salt))

    monkeypatch.setattr("legacy_import.hashing.PLACES", 2)
    monkeypatch.setattr(Argon2idHasher, "encode", noting)

    made = hash_weak([WeakPassword(f"secret {number}") for number in range(12)])

    assert [verify_password(f"secret {number}", one)[0] for number, one in enumerate(made)] == [True] * 12
    assert len(threads) == 2
    assert hash_weak([]) == []


def test_a_scrypt_kdf_text_is_checked_by_its_mac() -> None:
    """The vector is of tarsnap's scrypt utility's format, made with logN 4, r 8, p 1."""
    head = b"scrypt\0" + bytes([4]) + (8).to_bytes(4, "big") + (1).to_bytes(4, "big") + bytes(range(32))
    head += hashlib.sha256(head).digest()[:16]
    key = hashlib.scrypt(PASSWORD.encode(), salt=bytes(range(32)), n=16, r=8, p=1, dklen=64)
    text = b64encode(head + hmac.digest(key[32:], head, "sha256")).decode()
    stored = to_store(Stored(text))

    assert verify_password(PASSWORD, stored)[0] is True
    assert verify_password("Legacy-pass-01", stored)[0] is False


@pytest.mark.parametrize(
    "stored",
    [
        "bcrypt_node$$2b$31$rIoo0KZJmiAMaCVLB2/p2O1BXnaS1Da1VrfD7wJC0BjBv9K5xbGSS",
        "bcrypt_node$$2b$16$rIoo0KZJmiAMaCVLB2/p2O1BXnaS1Da1VrfD7wJC0BjBv9K5xbGSS",
        "argon2_node$$argon2id$v=19$m=4194304,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$oeY+G/NZZcFNLGdnwc+unbkWuwpNAITs",
        "argon2_node$$argon2id$v=19$m=1024,t=99999999,p=1$c2FsdHNhbHRzYWx0c2FsdA$oeY+G/NZZcFNLGdnwc+unbkWuwpNAITs",
        "scrypt_node$1073741824$8$1$c2FsdA==$" + "A" * 43 + "=",
        "scrypt_node$16384$8$100000$c2FsdA==$" + "A" * 43 + "=",
        "pbkdf2_node$sha512$999999999$c2FsdA==$" + "A" * 43 + "=",
        "argon2_over$sha1$hmac$999999999$c2FsdA==$argon2id$v=19$m=1024,t=1,p=1$c2FsdHNhbHQ$AAAA",
    ],
)
@pytest.mark.timeout(5)
def test_absurd_work_is_not_done(stored: str) -> None:
    assert verify_password(PASSWORD, stored) == (False, True)


@pytest.mark.parametrize(
    ("is_bearable", "least", "most", "over"),
    [
        (is_bearable_bcrypt, (4,), (15,), (16,)),
        (is_bearable_scrypt, (2, 1, 1), (65_536, 8, 1), (131_072, 8, 1)),
        (is_bearable_scrypt, (2, 1, 1), (16_384, 32, 16), (16_384, 32, 17)),
        (is_bearable_pbkdf2, (1,), (10_000_000,), (10_000_001,)),
        (is_bearable_argon2, (8, 1, 1), (262_144, 4, 16), (262_145, 1, 1)),
        (is_bearable_argon2, (8, 1, 1), (262_144, 4, 16), (262_144, 5, 1)),
    ],
)
def test_the_bounds_are_where_they_are_said_to_be(
    is_bearable: object, least: tuple[int], most: tuple[int], over: tuple[int]
) -> None:
    assert callable(is_bearable)
    assert [is_bearable(*one) for one in (least, most, over)] == [True, True, False]


NAMES = [hasher.algorithm for hasher in get_hashers() if isinstance(hasher, OldHasher)]
PARTS = st.one_of(
    st.sampled_from(["sha512", "md5", "hmac", "1", "16", "8", "kdf", "c2FsdA==", "", "A" * 44, "$argon2id", "v=19"]),
    st.text(st.characters(codec="utf-8"), max_size=9),
)


@settings(deadline=None)
@given(st.sampled_from(NAMES), st.lists(PARTS, max_size=8).map("$".join), st.text(max_size=9))
@example("bcrypt_node", "$2b$04$short", "x")
@example("scrypt_node", "kdf$AAAA", "x")
@example("pbkdf2_node", "sha512$1$c2FsdA==$", "x")
def test_a_malformed_hash_is_no_password_and_no_error(algorithm: str, rest: str, password: str) -> None:
    hasher = identify_hasher(f"{algorithm}${rest}")

    assert hasher.verify(password, f"{algorithm}${rest}") is False


@pytest.mark.parametrize("hasher", [hasher for hasher in get_hashers() if isinstance(hasher, OldHasher)])
def test_an_old_form_is_never_made_anew_nor_shown(hasher: OldHasher) -> None:
    with pytest.raises(NotImplementedError):
        hasher.encode("x", "y")
    assert hasher.safe_summary(f"{hasher.algorithm}$abc") == {"algorithm": hasher.algorithm, "hash": "[hidden]"}
    assert hasher.must_update("anything")
