"""A receipt, credit note or correction as a page to file: A4, upright."""

from reportlab.lib.pagesizes import A4

from payments.models import Document
from titanobova.pdf import BOLD, SANS, Style, fit
from titanobova.pdf import Document as Page

INK, QUIET, LINE = "#1d2733", "#5a6675", "#dfe3e8"
LEFT, RIGHT = 64, 64  # points
NAME, TEXT, SMALL, HEADING = Style(BOLD, 13, INK), Style(SANS, 10, INK), Style(SANS, 9, QUIET), Style(BOLD, 22, INK)


def draw_document(document: Document) -> bytes:
    """Return the document as a PDF, the same bytes each time, for all that it says is in its row."""
    title = f"{document.get_kind_display()} {document.number_text}"
    page = Page(A4, title=title, made_at=document.issued_at)
    _draw_parties(page, document)
    y = _draw_heading(page, document)
    y = _draw_amounts(page, document, y - 36)
    y = _write(page, y - 34, document.statement, TEXT, lines=2)
    _write(page, y - 18, f"Payment {document.payment_id}", SMALL)
    return page.finish()


def _draw_parties(page: Page, document: Document) -> None:
    tax_id = f"Tax number {document.seller_tax_id}" if document.seller_tax_id else ""
    y = _write(page, 780, document.seller_name, NAME)
    for text in filter(None, [document.seller_address, tax_id]):
        y = _write(page, y - 15, text, SMALL, lines=2)
    if document.buyer_name:
        _write(page, 690, "For", SMALL)
        _write(page, 674, document.buyer_name, TEXT, lines=2)


def _draw_heading(page: Page, document: Document) -> float:
    y = _write(page, 610, document.get_kind_display(), HEADING)
    facts = [("Number", document.number_text), ("Date", f"{document.issued_at:%-d %B %Y}")]
    if document.refers_to is not None:
        facts.append(("Refers to", document.refers_to.number_text))
    for name, fact in facts:
        y -= 18
        page.write(LEFT, y, name, SMALL)
        page.write(LEFT + 70, y, fact, TEXT)
    return y


def _draw_amounts(page: Page, document: Document, y: float) -> float:
    _rule(page, y)
    y = _write(page, y - 20, document.subject, TEXT, lines=4)
    _rule(page, y - 12)
    y -= 12
    for number, (name, amount) in enumerate(document.lines):
        style = TEXT if number else TEXT._replace(font=BOLD)
        y -= 18
        page.write(LEFT, y, name, style)
        page.write(page.width - RIGHT, y, amount, style, align=1)
    return y


def _write(page: Page, y: float, text: str, style: Style, *, lines: int = 1) -> float:
    """Write a text from the left in at most so many lines, smaller where it must be; return the lowest `y`."""
    style, parts = fit(text, style, width=page.width - LEFT - RIGHT, lines=lines)
    for number, part in enumerate(parts):
        page.write(LEFT, y - number * style.size * 1.3, part, style)
    return y - (len(parts) - 1) * style.size * 1.3


def _rule(page: Page, y: float) -> None:
    page.canvas.setStrokeColor(LINE)
    page.canvas.setLineWidth(0.8)
    page.canvas.line(LEFT, y, page.width - RIGHT, y)
