"""The public page of a certificate, to which its QR code leads.

It says what was certified and whether that still counts, to anyone who holds the code. It needs no script and loads
nothing. Codes cannot be guessed, and looking one up counts as any request of a visitor does.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from audit.actor import Actor
from courses.services.certificates import find_certificate
from titanobova.errors import DomainError
from titanobova.http import client_address
from titanobova.throttling import network_of
from users.pages import HEADERS
from users.services.limits import count_try


@never_cache
@require_safe
def certificate_page(request: HttpRequest, code: str) -> HttpResponse:
    """Show the certificate with this code, or why it cannot be shown."""
    try:
        count_try("anon", network_of(client_address(request)), by=Actor.from_request(request))
        shown: dict[str, object] = {"certificate": find_certificate(code)}
    except DomainError as refusal:
        return _show(request, {"refusal": refusal}, refusal)
    return _show(request, shown)


def _show(request: HttpRequest, shown: dict[str, object], refusal: DomainError | None = None) -> HttpResponse:
    status = refusal.status if refusal else 200
    response = render(request, "courses/certificate_page.html", shown, status=status)
    for name, value in HEADERS.items():
        response[name] = value
    if refusal and refusal.retry_after is not None:
        response["Retry-After"] = str(refusal.retry_after)
    return response


urlpatterns = [path("certificates/<slug:code>/", certificate_page, name="certificate-page")]
