"""Keys derived from SECRET_KEY, and encryption of the few fields that must not lie in a database in clear."""

import base64
import hashlib
import hmac
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import load_der_public_key
from django.conf import settings


def derive_key(secret: str, label: str) -> bytes:
    """Return 32 bytes derived from `secret` for one purpose (HKDF-SHA256, RFC 5869).

    Every purpose has its own label, so that a key that leaks from one (a JWT library that logs it, say) opens no other.
    """
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=f"titanobova:{label}".encode()).derive(secret.encode())


def keyed_digest(text: str, label: str) -> str:
    """Return the HMAC-SHA256 of `text` in hex under the key of `label`.

    Without the key, who holds a stolen database cannot try likely texts (e-mail addresses, codes) against the digests.
    """
    return hmac.new(derive_key(settings.SECRET_KEY, label), text.encode(), hashlib.sha256).hexdigest()


def encrypt(text: str) -> str:
    """Return `text` encrypted and authenticated with the first of FIELD_ENCRYPTION_KEYS."""
    return _keys().encrypt(text.encode()).decode()


def decrypt(token: str) -> str:
    """Return the text of `token`, whichever of FIELD_ENCRYPTION_KEYS made it.

    :raises ValueError: when no key fits or the token was altered.
    """
    try:
        return _keys().decrypt(token.encode()).decode()
    except InvalidToken:
        raise ValueError("The stored secret was encrypted with a key that FIELD_ENCRYPTION_KEYS lacks.") from None


@lru_cache(maxsize=8)
def ecdsa_key(text: str) -> EllipticCurvePublicKey:
    """Return the public key that `text` is: its DER form in base64, as SendGrid shows it.

    :raises ValueError: for anything else.
    """
    key = load_der_public_key(base64.b64decode(text, validate=True))
    if not isinstance(key, EllipticCurvePublicKey):
        raise ValueError("The key is not one of ECDSA.")  # noqa: TRY004 - whoever reads a text expects this one
    return key


def has_signed(key: str, signature: bytes, text: bytes) -> bool:
    """Whether the owner of a public key signed `text` (ECDSA with SHA-256)."""
    try:
        ecdsa_key(key).verify(signature, text, ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def _keys() -> MultiFernet:
    # Without keys of its own (development only: production refuses to start so) the key comes from SECRET_KEY.
    listed = settings.FIELD_ENCRYPTION_KEYS or [_development_key()]
    return MultiFernet([Fernet(key) for key in listed])


def _development_key() -> str:
    return base64.urlsafe_b64encode(derive_key(settings.SECRET_KEY, "fields")).decode()
