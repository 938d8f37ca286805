"""The certificate as a page to hang up: A4, landscape."""

from math import cos, sin, tau

from django.template.defaultfilters import pluralize
from reportlab.lib.pagesizes import A4, landscape
from reportlab.pdfgen.pathobject import PDFPathObject

from courses.models import Certificate
from courses.services.certificates import address_of
from titanobova.pdf import BOLD, SANS, SERIF, Document, Style

PAGE = landscape(A4)
INK, QUIET, ACCENT, PALE = "#1d2733", "#5a6675", "#1d4ed8", "#c7d2ee"
MARGIN, LEFT, QR_SIDE = 28, 88, 88  # points


def draw_certificate(certificate: Certificate) -> bytes:
    """Return the certificate as a PDF, the same bytes each time."""
    document = Document(PAGE, title=f"Certificate {certificate.code}", made_at=certificate.issued_at)
    _draw_frame(document)
    _draw_words(document, certificate)
    _draw_facts(document, certificate)
    _draw_rosette(document, document.width / 2, 118)
    document.qr(document.width - LEFT - QR_SIDE, 76, address_of(certificate), side=QR_SIDE)
    return document.finish()


def _draw_frame(document: Document) -> None:
    """Draw a bold and a fine frame, with a small square in each corner."""
    canvas, inner = document.canvas, MARGIN + 9
    canvas.setStrokeColor(ACCENT)
    canvas.setLineWidth(2.5)
    canvas.rect(MARGIN, MARGIN, document.width - 2 * MARGIN, document.height - 2 * MARGIN)
    canvas.setStrokeColor(PALE)
    canvas.setLineWidth(0.8)
    canvas.rect(inner, inner, document.width - 2 * inner, document.height - 2 * inner)
    canvas.setFillColor(ACCENT)
    for x in (inner, document.width - inner):
        for y in (inner, document.height - inner):
            canvas.rect(x - 4, y - 4, 8, 8, stroke=0, fill=1)


def _draw_words(document: Document, certificate: Certificate) -> None:
    middle, width = document.width / 2, document.width - 2 * LEFT
    document.write(middle, 490, "titanobova", Style(BOLD, 16, ACCENT), align=0.5)
    document.write(middle, 426, "Certificate of Completion", Style(SERIF, 42, INK), align=0.5)
    document.write(middle, 374, "This certifies that", Style(SANS, 13, QUIET), align=0.5)
    document.write_block(middle, 322, certificate.holder, Style(SERIF, 36, ACCENT), width=width)
    document.canvas.setStrokeColor(PALE)
    document.canvas.setLineWidth(1)
    document.canvas.line(middle - 180, 304, middle + 180, 304)
    document.write(middle, 270, "has completed the course", Style(SANS, 13, QUIET), align=0.5)
    document.write_block(middle, 230, certificate.course_title, Style(SERIF, 26, INK), width=width, lines=2)


def _draw_facts(document: Document, certificate: Certificate) -> None:
    """Draw when it was, how long it took, and where anyone can see that it is genuine."""
    facts = [("Date", f"{certificate.issued_at:%-d %B %Y}")]
    if certificate.duration_hours:
        facts.append(("Duration", f"{certificate.duration_hours} hour{pluralize(certificate.duration_hours)}"))
    facts.append(("Code", certificate.code))
    for number, (name, fact) in enumerate(facts):
        y = 148 - 32 * number
        document.write(LEFT, y, name, Style(SANS, 9, QUIET))
        document.write(LEFT + 56, y, fact, Style(BOLD, 11, INK))
    words = f"Verify this certificate at {address_of(certificate)}"
    document.write_block(document.width / 2, 53, words, Style(SANS, 9, QUIET), width=document.width - 2 * LEFT)


def _draw_rosette(document: Document, x: float, y: float) -> None:
    """Draw waves around a circle, as on a banknote, and a tick in it."""
    canvas = document.canvas
    canvas.setLineWidth(0.7)
    for radius, colour in ((38, PALE), (33, ACCENT)):
        canvas.setStrokeColor(colour)
        for turned in (0, tau / 32):
            canvas.drawPath(_wave(document, x, y, radius, turned), stroke=1, fill=0)
    canvas.setFillColor(ACCENT)
    canvas.circle(x, y, 24, stroke=0, fill=1)
    canvas.setStrokeColor("#ffffff")
    canvas.setLineWidth(4)
    canvas.lines([(x - 10, y, x - 3, y - 8), (x - 3, y - 8, x + 11, y + 8)])


def _wave(document: Document, x: float, y: float, radius: float, turned: float) -> PDFPathObject:
    """Return a closed line that swings 16 times around a circle."""
    path = document.canvas.beginPath()
    for step in range(193):
        angle = tau * step / 192
        swung = radius + 5 * cos(16 * (angle + turned))
        (path.lineTo if step else path.moveTo)(x + swung * cos(angle), y + swung * sin(angle))
    return path
