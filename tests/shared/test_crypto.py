"""Fields that are encrypted, keys that are replaced, and keys that have one purpose each."""

import pytest
from cryptography.fernet import Fernet
from django.conf import LazySettings

from titanobova.crypto import decrypt, derive_key, encrypt, keyed_digest


def test_what_is_stored_is_not_what_was_given() -> None:
    stored = encrypt("JBSWY3DPEHPK3PXP")

    assert "JBSWY3DPEHPK3PXP" not in stored
    assert stored != encrypt("JBSWY3DPEHPK3PXP")
    assert decrypt(stored) == "JBSWY3DPEHPK3PXP"


def test_a_new_first_key_encrypts_and_the_old_one_still_reads(settings: LazySettings) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.FIELD_ENCRYPTION_KEYS = [old]
    stored = encrypt("a secret")

    settings.FIELD_ENCRYPTION_KEYS = [new, old]

    assert decrypt(stored) == "a secret"
    assert Fernet(new).decrypt(encrypt("a secret").encode()) == b"a secret"


@pytest.mark.parametrize("broken", ["", "nonsense", "é"])
def test_what_no_key_opens_is_an_error_that_names_the_setting(settings: LazySettings, broken: str) -> None:
    with pytest.raises(ValueError, match="FIELD_ENCRYPTION_KEYS"):
        decrypt(broken)


def test_a_stored_secret_that_was_altered_or_lost_its_key_is_refused(settings: LazySettings) -> None:
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    stored = encrypt("a secret")
    altered = stored[:-10] + ("A" if stored[-10] != "A" else "B") + stored[-9:]

    with pytest.raises(ValueError, match="FIELD_ENCRYPTION_KEYS"):
        decrypt(altered)
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(ValueError, match="FIELD_ENCRYPTION_KEYS"):
        decrypt(stored)


def test_each_purpose_has_a_key_of_its_own() -> None:
    keys = {derive_key("a secret", label) for label in ("jwt", "fields", "backup code")}

    assert len(keys) == 3
    assert {len(key) for key in keys} == {32}
    assert derive_key("a secret", "jwt") == derive_key("a secret", "jwt")


def test_a_digest_depends_on_key_purpose_and_text(settings: LazySettings) -> None:
    digests = [keyed_digest("a@example.com", "one"), keyed_digest("a@example.com", "two"), keyed_digest("b", "one")]
    settings.SECRET_KEY = "another secret key"
    digests.append(keyed_digest("a@example.com", "one"))

    assert len(set(digests)) == 4
    assert {len(digest) for digest in digests} == {64}
