"""Password hashes that say by which function they were made, and how each of them is read. Pure.

| form | made by |
|---|---|
| `scrypt:N:r:p$salt$hex`, `scrypt$N$r$p$salt$hash` | werkzeug and who followed it; the salt is text |
| `$scrypt$ln=15,r=8,p=1$salt$hash`, `$scrypt$n=16384,…` | @phc/scrypt, Adonis; base64 |
| `s2:salt:hex` | Lucia: r is 16 |
| `c2NyeXB0…` of 128 characters | scrypt-kdf, scrypt |
| `pbkdf2$iterations$salt$hash`, `pbkdf2_sha256$…`, `pbkdf2:sha256:iterations$salt$hex` | tutorials, Django, werkzeug |
| `$pbkdf2-sha512$i=10000,l=64$salt$hash`, `$pbkdf2-sha256$29000$salt$hash` | @phc/pbkdf2, passlib; base64 |
| `sha512:iterations:salt:hash` | tutorials after crackstation; base64 |
| `sha1$salt$iterations$hex` | password-hash: HMAC, as often as it says |
| `sha1$salt$hex`, `{SHA}…`, `{SSHA}…` | old sites, LDAP |
"""

import re
from base64 import b64decode
from collections.abc import Callable

from legacy_import.passwords import (
    KEPT_KEY,
    OldPassword,
    PasswordKind,
    WeakPassword,
    in_base64,
    kept,
    nothing,
    read_argon2,
    read_bcrypt,
)
from users.password_costs import is_bearable_pbkdf2, is_bearable_scrypt

DIGEST_SIZES = {16: "md5", 20: "sha1", 28: "sha224", 32: "sha256", 48: "sha384", 64: "sha512"}
HEX = re.compile(r"(?:[0-9a-fA-F]{2})+", re.ASCII)
BASE64 = re.compile(r"[A-Za-z0-9+/._-]+={0,2}", re.ASCII)

_SEPARATORS = re.compile(r"[$:]")
_WORD = re.compile(r"(pbkdf2|scrypt|s2|md5|sha-?(?:1|224|256|384|512))(?:[-_](?:hmac[-_])?(sha-?\d+))?", re.IGNORECASE)
_LDAP = re.compile(r"\{(S?)(MD5|SHA|SHA256|SHA512)\}(.+)", re.ASCII | re.IGNORECASE)
_LDAP_NAMES = {"md5": "md5", "sha": "sha1", "sha256": "sha256", "sha512": "sha512"}
_KDF_BEGINNING = "c2NyeXB0AA"  # "scrypt" and a zero byte


def _like_bcrypt(text: str) -> OldPassword | None:
    return read_bcrypt(text) if re.match(r"\$2[a-z]?\$|\$bcrypt\$", text) else None


def _like_argon2(text: str) -> OldPassword | None:
    return read_argon2(text) if text.startswith("$argon2") else None


def _like_scrypt_kdf(text: str) -> OldPassword | None:
    if not text.startswith(_KDF_BEGINNING):
        return None
    raw = decoded(text)
    if raw is None or len(raw) != 96 or raw[7] > 30:
        return nothing(PasswordKind.MALFORMED)
    r, p = int.from_bytes(raw[8:12], "big"), int.from_bytes(raw[12:16], "big")
    if not is_bearable_scrypt(1 << raw[7], r, p):
        return nothing(PasswordKind.TOO_COSTLY)
    return kept(PasswordKind.SCRYPT, f"scrypt_node$kdf${in_base64(raw)}")


def _like_ldap(text: str) -> OldPassword | None:
    found = _LDAP.fullmatch(text)
    if not found:
        return None
    raw, algorithm = decoded(found[3], prefers_hex=False), _LDAP_NAMES[found[2].lower()]
    size = next(size for size, name in DIGEST_SIZES.items() if name == algorithm)
    if raw is None or len(raw) < size or (len(raw) > size) != bool(found[1]):
        return nothing(PasswordKind.MALFORMED)
    weak = WeakPassword(raw[:size].hex(), algorithm, "password_salt", raw[size:])
    return OldPassword(PasswordKind.DIGEST, weak)


def _like_named(text: str) -> OldPassword | None:
    """`function$…` with its parameters, salt and hash behind it."""
    name, *rest = _SEPARATORS.split(text.lstrip("$"))
    found = _WORD.fullmatch(name)
    if not found or len(rest) < 2 or not all(rest[-2:]):
        return None
    function, digest = found[1].lower().replace("-", ""), (found[2] or "").lower().replace("-", "")
    if function in ("scrypt", "s2"):
        return _named_scrypt(function, rest, is_phc=text.startswith("$"))
    if function == "pbkdf2":
        return _named_pbkdf2(digest, rest, is_phc=text.startswith("$"))
    if len(rest) > 2 and rest[0].isdecimal():
        return pbkdf2_key(function, int(rest[0]), decoded(rest[-2]) or b"", decoded(rest[-1]))
    return _named_digest(function, rest)


def _named_scrypt(function: str, rest: list[str], *, is_phc: bool) -> OldPassword:
    *numbers, salt, key = rest
    parameters = dict(part.partition("=")[::2] for part in ",".join(numbers).split(",") if "=" in part)
    try:
        if parameters:
            n = 1 << min(int(parameters["ln"]), 31) if "ln" in parameters else int(parameters["n"])
            r, p = int(parameters["r"]), int(parameters["p"])
        else:
            n, r, p = map(int, numbers) if numbers else (16_384, 16 if function == "s2" else 8, 1)
    except (KeyError, ValueError):
        return nothing(PasswordKind.MALFORMED)
    return scrypt_key(
        n,
        r,
        p,
        _salt(salt, is_phc=is_phc),
        decoded(key, prefers_hex=not is_phc),
    )


def _named_pbkdf2(digest: str, rest: list[str], *, is_phc: bool) -> OldPassword:
    *numbers, salt, key = rest
    if numbers and (found := _WORD.fullmatch(numbers[0])):
        digest, numbers = found[1].lower().replace("-", ""), numbers[1:]
    iterations = re.match(r"(?:i=)?(\d{1,9})(?:,|$)", numbers[0]) if numbers else None
    raw = decoded(key, prefers_hex=not is_phc)
    digest = digest or DIGEST_SIZES.get(len(raw or b""), "")
    if not iterations or not digest:
        return nothing(PasswordKind.MALFORMED)
    return pbkdf2_key(digest, int(iterations[1]), _salt(salt, is_phc=is_phc), raw)


def _named_digest(algorithm: str, rest: list[str]) -> OldPassword:
    salt, key = rest[0], decoded(rest[-1])
    if key is None or DIGEST_SIZES.get(len(key)) != algorithm:
        return nothing(PasswordKind.MALFORMED)
    if len(rest) == 2:
        return OldPassword(PasswordKind.DIGEST, WeakPassword(key.hex(), algorithm, "salt_password", salt.encode()))
    if len(rest) != 3 or not re.fullmatch(r"[1-9]\d{0,4}", rest[1], re.ASCII):
        return nothing(PasswordKind.MALFORMED)
    return OldPassword(PasswordKind.DIGEST, WeakPassword(key.hex(), algorithm, "hmac", salt.encode(), int(rest[1])))


NAMED_FORMS: tuple[Callable[[str], OldPassword | None], ...] = (
    _like_bcrypt,
    _like_argon2,
    _like_scrypt_kdf,
    _like_ldap,
    _like_named,
)


def _salt(text: str, *, is_phc: bool) -> bytes:
    return (decoded(text, prefers_hex=False) or b"") if is_phc else text.encode()


def scrypt_key(n: int, r: int, p: int, salt: bytes, key: bytes | None) -> OldPassword:
    """Keep a key of scrypt, if it is one and its parameters are bearable."""
    if key is None or len(key) < KEPT_KEY // 2:
        return nothing(PasswordKind.MALFORMED)
    if not is_bearable_scrypt(n, r, p):
        return nothing(PasswordKind.TOO_COSTLY)
    return kept(PasswordKind.SCRYPT, f"scrypt_node${n}${r}${p}${in_base64(salt)}${in_base64(key[:KEPT_KEY])}")


def pbkdf2_key(digest: str, iterations: int, salt: bytes, key: bytes | None) -> OldPassword:
    """Keep a key of PBKDF2, if it is one and its parameters are bearable."""
    if key is None or len(key) < KEPT_KEY // 2 or digest not in DIGEST_SIZES.values():
        return nothing(PasswordKind.MALFORMED)
    if not is_bearable_pbkdf2(iterations):
        return nothing(PasswordKind.TOO_COSTLY)
    return kept(PasswordKind.PBKDF2, f"pbkdf2_node${digest}${iterations}${in_base64(salt)}${in_base64(key[:KEPT_KEY])}")


def decoded(text: str, *, prefers_hex: bool = True) -> bytes | None:
    """Read hex, or base64 in any of its alphabets, with or without padding; None for anything else."""
    if prefers_hex and HEX.fullmatch(text) and len(text) >= 32:
        return bytes.fromhex(text)
    if not BASE64.fullmatch(text):
        return None
    plain = text.rstrip("=").replace("-", "+").replace("_", "/").replace(".", "+")
    try:
        return b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except ValueError:
        return None
