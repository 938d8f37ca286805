"""Documents to print, as PDF: the page, fonts for people's names in most scripts, and QR codes.

The same calls with the same words give the same bytes, so a document can be made anew whenever somebody asks for it and
need not be stored. Scripts that need more than joining and turning round (Devanagari, Thai) come out as boxes.
"""

import io
import re
import threading
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import NamedTuple

import segno
from arabic_reshaper import reshape
from bidi import get_display
from reportlab.pdfbase.pdfmetrics import getFont, getRegisteredFontNames, registerFont, stringWidth
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

FONTS = Path(__file__).with_name("fonts")
SERIF, SANS, BOLD = "NotoSerif-Regular", "NotoSans-Regular", "NotoSans-Bold"
FALLBACKS = ("DejaVuSans", "MicroHei")  # what the font of a text lacks is taken from the first that has it
SMALLEST = 7  # points; a text that is too long even so is cut
RIGHT_TO_LEFT = frozenset({"R", "AL"})
_loading = threading.Lock()


class Style(NamedTuple):
    """How a text looks: its font, its size in points, its colour as `#rrggbb`."""

    font: str = SANS
    size: float = 10
    colour: str = "#1d2733"


class Run(NamedTuple):
    """A part of a line that one font can draw."""

    font: str
    text: str


class Document:
    """A PDF that is being drawn. Lengths are points (1/72 inch), counted from the lower left corner."""

    def __init__(self, size: tuple[float, float], *, title: str, made_at: datetime) -> None:
        _load_fonts()
        self.width, self.height = size
        self._file = io.BytesIO()
        self.canvas = Canvas(self._file, pagesize=size, invariant=1, pageCompression=1)
        self.canvas.setTitle(title)
        self.canvas.setSubject(title)
        self.canvas.setAuthor("titanobova")
        self.canvas.setCreator("titanobova")
        self.canvas.setDateFormatter(lambda *_: f"D:{made_at.astimezone(UTC):%Y%m%d%H%M%S}+00'00'")

    def write(self, x: float, y: float, text: str, style: Style, *, align: float = 0) -> None:
        """Draw one line whose letters stand on `y`. `align` is the part of it that is left of `x`: 0.5 centres it."""
        runs = runs_of(text, style.font)
        line = self.canvas.beginText(x - align * _width(runs, style.size), y)
        line.setFillColor(style.colour)
        for run in runs:
            line.setFont(run.font, style.size)
            line.textOut(run.text)
        self.canvas.drawText(line)

    def write_block(self, x: float, y: float, text: str, style: Style, *, width: float, lines: int = 1) -> float:
        """Draw a centred text in at most so many lines of `width`, smaller where it must be; return the lowest `y`."""
        style, parts = fit(text, style, width=width, lines=lines)
        for number, part in enumerate(parts):
            self.write(x, y - number * style.size * 1.25, part, style, align=0.5)
        return y - (len(parts) - 1) * style.size * 1.25

    def qr(self, x: float, y: float, text: str, *, side: float) -> None:
        """Draw a QR code whose modules fill a square of `side`; it needs an empty margin of four of them."""
        rows = [bytes(row) for row in segno.make(text, error="m", micro=False).matrix]
        module = side / len(rows)
        path = self.canvas.beginPath()
        for number, row in enumerate(rows):
            for dark in re.finditer(rb"\x01+", row):
                # A little higher than a module, or some viewers show white lines between the rows.
                top = y + side - number * module
                path.rect(x + dark.start() * module, top - module * 1.02, len(dark[0]) * module, module * 1.02)
        self.canvas.setFillColor("#000000")
        self.canvas.drawPath(path, stroke=0, fill=1)

    def finish(self) -> bytes:
        """End the last page and return the file."""
        self.canvas.showPage()
        self.canvas.save()
        return self._file.getvalue()


def fit(text: str, style: Style, *, width: float, lines: int) -> tuple[Style, list[str]]:
    """Return the text in at most so many lines of `width`, and the style, made smaller until it fits."""
    while len(parts := _wrapped(text, style, width)) > lines and style.size > SMALLEST:
        style = style._replace(size=max(SMALLEST, style.size * 0.94))
    if len(parts) > lines:
        parts = [*parts[: lines - 1], parts[lines - 1][:-1] + "…"]
    return style, parts


def runs_of(text: str, font: str) -> list[Run]:
    """Return a line in the order in which it is drawn, cut where another font has to go on."""
    text = unicodedata.normalize("NFC", text)
    if any(unicodedata.bidirectional(char) in RIGHT_TO_LEFT for char in text):
        text = str(get_display(reshape(text)))
    runs: list[Run] = []
    for char in text:
        drawn_by = _font_for(char, font)
        if runs and runs[-1].font == drawn_by:
            runs[-1] = Run(drawn_by, runs[-1].text + char)
        else:
            runs.append(Run(drawn_by, char))
    return runs


def _font_for(char: str, font: str) -> str:
    return next((name for name in (font, *FALLBACKS) if ord(char) in _glyphs(name)), font)


def _width(runs: list[Run], size: float) -> float:
    return float(sum(stringWidth(run.text, run.font, size) for run in runs))


def _wrapped(text: str, style: Style, width: float) -> list[str]:
    """Return the text in lines of `width`, broken between words, and within a word that is too long for a line."""
    lines = [""]
    for piece in _pieces(text, style, width):
        longer = lines[-1] + piece
        if lines[-1] and _width(runs_of(longer.rstrip(), style.font), style.size) > width:
            lines.append(piece)
        else:
            lines[-1] = longer
    return [line.rstrip() for line in lines]


def _pieces(text: str, style: Style, width: float) -> Iterator[str]:
    for word in re.findall(r"\S+\s*", text):
        fits = _width(runs_of(word.rstrip(), style.font), style.size) <= width
        yield from [word] if fits else word


def _load_fonts() -> None:
    """Read the fonts once a process, only where a PDF is made: 4 MB of tables, a tenth of a second.

    Under a lock, or two first documents would each read them, and one end with the other's.
    """
    with _loading:
        for name in {SERIF, SANS, BOLD, *FALLBACKS}.difference(getRegisteredFontNames()):
            registerFont(TTFont(name, FONTS / f"{name}.ttf"))


@cache
def _glyphs(font: str) -> frozenset[int]:
    """Return the characters that a font can draw."""
    _load_fonts()
    return frozenset(getFont(font).face.charToGlyph)
