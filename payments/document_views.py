"""Receipts, credit notes and corrections over HTTP: a page to read, and a PDF to file."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from payments.document_pdf import draw_document
from payments.models import Document, Payment
from payments.services.finding import find_document, receipt_of
from titanobova.api import APIView
from users.authentication import current_user
from users.pages import HEADERS


class FileView(APIView):
    """A file of any kind, of which only refusals are JSON."""

    def perform_content_negotiation(self, request: Request, force: bool = False) -> tuple[BaseRenderer, str]:
        """Return the renderer of refusals, JSON, whatever is asked for: who asks for a PDF must not get a 406."""
        return super().perform_content_negotiation(request, force=True)


class ReceiptView(FileView):
    """The receipt of a payment."""

    @extend_schema(responses={(200, "text/html"): OpenApiTypes.STR})
    def get(self, request: Request, pk: UUID) -> HttpResponse:
        """Answer it as a page to the buyer and to staff."""
        return page_of(receipt_of(visible_payment(request, pk)))


class ReceiptPDFView(FileView):
    """The receipt of a payment, to be filed."""

    @extend_schema(responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    def get(self, request: Request, pk: UUID) -> HttpResponse:
        """Answer it as a PDF to the buyer and to staff."""
        return pdf_of(receipt_of(visible_payment(request, pk)))


class DocumentView(FileView):
    """Any document: a receipt, a credit note or a correction."""

    @extend_schema(responses={(200, "text/html"): OpenApiTypes.STR})
    def get(self, request: Request, pk: UUID) -> HttpResponse:
        """Answer it as a page to the buyer and to staff."""
        return page_of(find_document(current_user(request), pk))


class DocumentPDFView(FileView):
    """Any document, to be filed."""

    @extend_schema(responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    def get(self, request: Request, pk: UUID) -> HttpResponse:
        """Answer it as a PDF to the buyer and to staff."""
        return pdf_of(find_document(current_user(request), pk))


def page_of(document: Document) -> HttpResponse:
    """Return the document as a page that needs no script and loads nothing."""
    headers = {**HEADERS, "Cache-Control": "private, no-store"}
    return HttpResponse(render_to_string("payments/document.html", {"document": document}), headers=headers)


def pdf_of(document: Document) -> HttpResponse:
    """Return the document as a file that is named as it is."""
    name = f'inline; filename="{document.number_text}.pdf"'
    headers = {"Content-Disposition": name, "Cache-Control": "private, no-store"}
    return HttpResponse(draw_document(document), content_type="application/pdf", headers=headers)


def visible_payment(request: Request, pk: UUID) -> Payment:
    """Return the payment that the person who asks may see; any other is not there."""
    return get_object_or_404(Payment.objects.visible_to(current_user(request)), pk=pk)
