"""Documents to print: the same bytes each time, people's names in their letters, texts that fit, codes that scan."""

import os
import re
import subprocess
import sys
import unicodedata
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest
import segno

from tests.conftest import RunTogether
from tests.shared.pdf_reading import characters_in, fonts_in, page_of, texts_in
from titanobova.pdf import FALLBACKS, FONTS, SANS, SERIF, SMALLEST, Document, Style, fit, runs_of

MADE_AT = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)
SIZE = (600.0, 400.0)


class Name(NamedTuple):
    """A name, and the font that has its letters."""

    text: str
    font: str


NAMES = [
    Name("Siobhán Ní Bhriain", SERIF),
    Name("Łukasz Żółć", SERIF),
    Name("Nguyễn Thị Hồng", SERIF),
    Name("Анна Ковальчук", SERIF),
    Name("Γιώργος Σεφέρης", SERIF),
    Name("山田 太郎", "MicroHei"),
    Name("王小明", "MicroHei"),
    Name("김민준", "MicroHei"),
    Name("محمد", "DejaVuSans"),
    Name("דניאל", "DejaVuSans"),
    Name("Արամ", "DejaVuSans"),
    Name("გიორგი", "DejaVuSans"),
]


def draw(text: str, *, title: str = "A title") -> bytes:
    """Return a document with one line."""
    document = Document(SIZE, title=title, made_at=MADE_AT)
    document.write(50, 200, text, Style(SERIF, 20))
    return document.finish()


def test_the_same_words_are_the_same_bytes() -> None:
    assert draw("Ada 山田 Анна") == draw("Ada 山田 Анна")
    assert draw("Ada") != draw("Eva")


def test_documents_drawn_at_once_do_not_meet(run_together: RunTogether) -> None:
    names = [name.text for name in NAMES]
    alone = [draw(name) for name in names]

    together = run_together(len(names), lambda number: [draw(names[number]) for _ in range(3)])

    assert together == [[one] * 3 for one in alone]


def test_the_document_says_what_it_is_and_when_it_was_made() -> None:
    file = draw("Ada", title="Receipt 7")

    assert b"Receipt 7" in file
    assert re.findall(rb"/CreationDate \((.*?)\)", file) == [b"D:20261122123000+00'00'"]
    assert file.startswith(b"%PDF-1.")


@pytest.mark.parametrize("name", NAMES, ids=lambda name: name.text)
def test_names_are_drawn_by_an_embedded_font_that_has_their_letters(name: Name) -> None:
    assert {run.font for run in runs_of(name.text.replace(" ", ""), SERIF)} == {name.font}
    file = draw(name.text)

    if not any(unicodedata.bidirectional(char) in {"R", "AL"} for char in name.text):  # those change their shapes
        assert set(name.text) <= characters_in(file)
    assert any(font in fonts_in(file) for font in ("NotoSerif", "WenQuanYiMicroHei", "DejaVuSans"))


def test_a_name_in_several_scripts_changes_fonts_on_the_way() -> None:
    runs = runs_of("Anna 山田 Анна", SERIF)

    assert [(run.font, run.text.strip()) for run in runs] == [(SERIF, "Anna"), ("MicroHei", "山田"), (SERIF, "Анна")]


def test_letters_with_loose_accents_are_joined() -> None:
    assert runs_of("Siobha\u0301n", SERIF)[0].text == "Siobhán"


def test_arabic_is_joined_and_turned_round() -> None:
    (run,) = runs_of("محمد", SERIF)

    assert [unicodedata.name(char).rpartition(" ")[0] for char in run.text] == [
        "ARABIC LETTER DAL FINAL",
        "ARABIC LETTER MEEM MEDIAL",
        "ARABIC LETTER HAH MEDIAL",
        "ARABIC LETTER MEEM INITIAL",
    ]


def test_hebrew_is_turned_round() -> None:
    assert runs_of("דן", SERIF)[0].text == "ןד"


def test_what_no_font_has_is_drawn_as_a_box_and_breaks_nothing() -> None:
    assert draw("😀 राहुल \x07 \ud83d").startswith(b"%PDF")


@pytest.mark.parametrize("text", ["", " ", "A", "word " * 60, "W" * 400, "山" * 300, "a-b/c" * 99])
@pytest.mark.parametrize("lines", [1, 2])
def test_any_text_fits(text: str, lines: int) -> None:
    style, parts = fit(text, Style(SANS, 30), width=300, lines=lines)

    assert 1 <= len(parts) <= lines
    assert SMALLEST <= style.size <= 30


def test_a_text_that_fits_keeps_its_size_and_its_words() -> None:
    assert fit("Two words", Style(SANS, 12), width=300, lines=1) == (Style(SANS, 12), ["Two words"])


def test_a_long_text_is_broken_between_words_and_loses_none() -> None:
    text = "asking questions and finding answers that hold when somebody else asks again"

    _, parts = fit(text, Style(SANS, 20), width=300, lines=3)

    assert len(parts) == 3
    assert " ".join(parts) == text


def test_a_text_that_can_never_fit_ends_in_dots() -> None:
    _, parts = fit("W" * 1000, Style(SANS, 20), width=300, lines=2)

    assert [part[-1] for part in parts] == ["W", "…"]


def test_text_stands_where_it_should() -> None:
    document = Document(SIZE, title="x", made_at=MADE_AT)
    for align in (0, 0.5, 1):
        document.write(300, 100, "Hello", Style(SANS, 10), align=align)

    starts = [float(x) for x in re.findall(r"1 0 0 1 ([\d.]+) 100 Tm", page_of(document.finish()))]

    width = 2 * (starts[0] - starts[1])
    assert starts[0] == 300
    assert starts[2] == pytest.approx(300 - width, abs=0.01)


def test_plain_words_can_be_found_and_copied() -> None:
    assert "Hello there" in texts_in(draw("Hello there"))


def test_the_drawn_code_is_the_one_of_the_address() -> None:
    address = "https://learn.example.com/certificates/0123-4567-89AB-CDEF/"
    document = Document(SIZE, title="x", made_at=MADE_AT)
    document.qr(100, 50, address, side=99)

    rows = [bytes(row) for row in segno.make(address, error="m", micro=False).matrix]
    drawn = [bytearray(len(rows)) for _ in rows]
    module = 99 / len(rows)
    for found in re.findall(r"([\d.]+) ([\d.]+) ([\d.]+) ([\d.]+) re", page_of(document.finish())):
        x, y, width, height = map(float, found)
        row = round((50 + 99 - (y + height)) / module)
        for column in range(round((x - 100) / module), round((x - 100 + width) / module)):
            drawn[row][column] = 1
    assert [bytes(row) for row in drawn] == rows


def test_every_font_is_there_with_its_licence() -> None:
    shipped = {path.stem for path in FONTS.glob("*.ttf")}
    told = (FONTS / "README.md").read_text()

    assert shipped == {SERIF, SANS, "NotoSans-Bold", *FALLBACKS}
    assert all(f"`{name}.ttf`" in told for name in shipped)
    assert all(Path(FONTS, licence).is_file() for licence in re.findall(r"\((LICENSE[^)]+)\)", told))


def test_another_process_draws_the_same_bytes() -> None:
    """Nothing depends on the order of sets, which differs from process to process."""
    script = (
        "from datetime import datetime, UTC; import hashlib; from titanobova.pdf import *;"
        "d = Document((600, 400), title='x', made_at=datetime(2026, 1, 1, tzinfo=UTC));"
        "d.write(9, 9, 'Ada Анна 山田', Style(SERIF, 20)); print(hashlib.sha256(d.finish()).hexdigest())"
    )
    ran = [
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]

    assert ran[0] == ran[1] != ""
