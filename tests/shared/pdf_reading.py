"""Reading what our PDFs hold, as far as the tests need it."""

import base64
import re
import zlib
from collections.abc import Iterator

STREAM = re.compile(rb"/Filter \[ (/ASCII85Decode )?/FlateDecode \] /Length (\d+).{0,40}?\nstream\r?\n", re.DOTALL)
DRAWN = re.compile(r"\(((?:\\.|[^\\)])*)\) Tj")


def page_of(file: bytes) -> str:
    """Return the drawing of the only page; reportlab packs pages alone as ASCII."""
    (page,) = (content for is_page, content in streams_in(file) if is_page)
    return page.decode("latin-1")


def streams_in(file: bytes) -> Iterator[tuple[bool, bytes]]:
    """Yield every stream, and whether it is packed as ASCII."""
    for found in STREAM.finditer(file):
        packed = file[found.end() : found.end() + int(found[2])]
        is_ascii = found[1] is not None
        yield is_ascii, zlib.decompress(base64.a85decode(packed.strip().removesuffix(b"~>")) if is_ascii else packed)


def texts_in(file: bytes) -> str:
    """Return the texts of ASCII letters, which our fonts keep at their own codes, one a line."""
    return "\n".join(DRAWN.findall(page_of(file)))


def characters_in(file: bytes) -> set[str]:
    """Return the characters that the fonts of the file say they draw, by which a text is found and copied."""
    found = set()
    for _, table in streams_in(file):
        if b"begincmap" in table:
            found |= {chr(int(code, 16)) for code in re.findall(rb"<[0-9A-F]{2}> <([0-9A-F]{4})>", table)}
            found |= {chr(int(code, 16)) for code in re.findall(rb"<([0-9A-F]{4})>", table)}
    return found


def fonts_in(file: bytes) -> set[str]:
    """Return the names of the fonts that lie in the file."""
    return {name.decode() for name in re.findall(rb"/FontName /[A-Z]{6}\+([A-Za-z]+)", file)}
