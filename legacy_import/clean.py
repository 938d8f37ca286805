"""Old values made clean, one function a kind. Pure; what was done is named beside the result."""

import re
import unicodedata
from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Decimal
from typing import NamedTuple

from courses.money import decimals_of
from legacy_import.rows import NoteKind, Value

# What `escape()` of validator.js writes. html.unescape also turns `?a=1&copy=2` into `?a=1©=2`.
ENTITIES = {
    "&amp;": "&",
    "&lt;": "<",
    "&gt;": ">",
    "&quot;": '"',
    "&#x27;": "'",
    "&#x2F;": "/",
    "&#x5C;": "\\",
    "&#96;": "`",
}
YES = frozenset({"1", "true", "t", "yes", "y", "on", "paid", "succeeded", "success", "completed", "complete"})
NO = frozenset({"0", "", "false", "f", "no", "n", "off", "unpaid", "pending", "failed", "cancelled", "canceled"})

_ENTITY = re.compile("|".join(ENTITIES))
_EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f,;<>]+@[^@\s\x00-\x1f\x7f,;<>]+")
_PRICE = re.compile(r"[+-]?\d{1,15}(?:\.\d{1,15})?", re.ASCII)
# What MySQL calls latin1 is Windows-1252, its five holes filled by the control characters of Latin-1.
_LATIN1_BYTES = {chr(byte): byte for byte in range(256)} | {
    bytes([byte]).decode("cp1252"): byte for byte in range(128, 160) if byte not in b"\x81\x8d\x8f\x90\x9d"
}
# Every letter of UTF-8 beyond ASCII begins with a byte from C2 to F4 and goes on with one from 80 to BF.
_MISREAD = re.compile(
    "[\u00c2-\u00f4][" + "".join(re.escape(char) for char, byte in _LATIN1_BYTES.items() if 0x80 <= byte <= 0xBF) + "]"
)


class CleanText(NamedTuple):
    """Text that any database can hold, and what it took to make it so."""

    text: str
    notes: tuple[NoteKind, ...]


def clean_text(value: Value, *, unescape: bool = False) -> CleanText:
    """Turn any value into storable text; NULL becomes "".

    In this order: bytes are read as UTF-8 and what is none becomes U+FFFD, NUL is taken out, UTF-8 that was
    once read as Latin-1 is put right where the way back is exact (`JosÃ©` becomes `José`, `José` stays), and
    with `unescape` the eight entities of the old site are restored, in one pass.
    """
    text = value if isinstance(value, str) else as_text(value)
    if text.isascii() and "\0" not in text and not (unescape and "&" in text):
        return CleanText(text, ())
    notes: list[NoteKind] = []
    for kind, step in _ASCII_STEPS if text.isascii() else _STEPS:
        if kind is NoteKind.HTML_UNESCAPED and not unescape:
            continue
        changed = step(text)
        if changed != text:
            notes.append(kind)
        text = changed
    return CleanText(text, tuple(notes))


def as_text(value: Value) -> str:
    """Write a value as text; bytes that are not UTF-8 stay visible as lone surrogates."""
    if value is None:
        return ""
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    if isinstance(value, float) and value.is_integer():
        return f"{value:.0f}"  # SQLite hands out a telephone number kept as REAL with a .0 behind it
    if isinstance(value, Decimal) and value.is_finite() and abs(value.adjusted()) < 100:
        return f"{value:f}"  # not 0E-10
    if isinstance(value, int) and value.bit_length() > 1000:
        return hex(value)  # Python refuses to print integers of more than 4300 digits in decimal
    return str(value)


def restore_entities(text: str) -> str:
    """Undo the old site's HTML escaping once: `&amp;lt;` becomes `&lt;`, not `<`."""
    return _ENTITY.sub(lambda found: ENTITIES[found[0]], text)


def repair_mojibake(text: str) -> str:
    """Undo UTF-8 read as Latin-1, if every character of the text says that it happened."""
    if not _MISREAD.search(text):
        return text
    try:
        return bytes(map(_LATIN1_BYTES.__getitem__, text)).decode()
    except (KeyError, UnicodeDecodeError):
        return text


def _without_surrogates(text: str) -> str:
    return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)


def _without_nul(text: str) -> str:
    return text.replace("\0", "")


_SURROGATE = re.compile("[\ud800-\udfff]")
_STEPS: tuple[tuple[NoteKind, Callable[[str], str]], ...] = (
    (NoteKind.INVALID_UTF8_REPLACED, _without_surrogates),
    (NoteKind.NUL_REMOVED, _without_nul),
    (NoteKind.MOJIBAKE_REPAIRED, repair_mojibake),
    (NoteKind.HTML_UNESCAPED, restore_entities),
)
_ASCII_STEPS = tuple(step for step in _STEPS if step[0] in (NoteKind.NUL_REMOVED, NoteKind.HTML_UNESCAPED))


def normalise_email(text: str) -> str:
    """Bring an address to its one spelling (NFKC, no space around), keeping its case."""
    return unicodedata.normalize("NFKC", text).strip()


def is_email(text: str) -> bool:
    """True if mail could be sent there: one @, no space, no control character, no list."""
    return _EMAIL.fullmatch(text) is not None


def split_name(text: str) -> tuple[str, str]:
    """Split at the first space: one word is a first name, none is neither.

    Both parts joined by a space are again the whole name, whatever the culture it comes from.
    """
    first, _, last = " ".join(text.split()).partition(" ")
    return first, last


def parse_flag(value: Value) -> bool | None:
    """Read a yes or no; None where the value is neither, so that nobody guesses."""
    if isinstance(value, bytes) and value in (b"\0", b"\1"):
        return value == b"\1"  # a BIT(1) of MySQL
    word = as_text(value).strip().lower()
    return True if word in YES else False if word in NO else None


def parse_price(value: Value, *, currency: str, unit: str) -> Decimal | None:
    """Read a price in major units, exact as written; None where it is none.

    `unit` "minor" means that 1999 are 19.99 (of a currency with hundredths). Only plain ASCII numbers count:
    `1.234,50` means two things in two countries, so it is not read at all. Below zero is no price.
    """
    text = as_text(value).strip()
    if not _PRICE.fullmatch(text):
        return None
    number = Decimal(text)
    if unit == "minor":
        number = number.scaleb(-decimals_of(currency))
    return number if number >= 0 else None


def round_price(price: Decimal, *, currency: str) -> Decimal:
    """Round to the currency's smallest unit, half to even."""
    return price.quantize(Decimal(1).scaleb(-decimals_of(currency)), rounding=ROUND_HALF_EVEN)
