"""The page on which staff set up the second factor that REQUIRE_STAFF_2FA asks for, inside the admin's login.

Who opens it has proved the password a moment ago and is not logged in yet: the session of the browser holds nothing but
whose password that was, for ten minutes, and opens no other page. A thief of the password may hold such a session: it
is bound to that password, so the owner's new one closes this door as it ends all other sessions.
"""

import time
from dataclasses import dataclass
from uuid import UUID

import segno
from django.contrib import admin
from django.contrib.auth import login
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.cache import never_cache

from audit.actor import Actor
from titanobova.errors import DomainError
from users.forms import PENDING_ENROLMENT, CodeForm
from users.models import User
from users.services import second_factor
from users.services.login import WrongCredentials, held_as_proved, record_login

TEMPLATE = "staff/second_factor.html"
SECONDS = 600


@never_cache
def enrol(request: HttpRequest) -> HttpResponse:
    """Show the QR code and the backup codes; a code of the app turns the second factor on and opens the admin."""
    user = _who_proved_a_password(request)
    if user is None:
        return HttpResponseRedirect(reverse("admin:login"))
    if request.method != "POST":
        enrolment = second_factor.start_enrolment(user, by=Actor.from_request(request))
        return _page(request, Shown(enrolment.secret, enrolment.provisioning_uri, enrolment.backup_codes))
    form = CodeForm(request.POST)
    try:
        second_factor.confirm_enrolment(user, form.code, by=Actor.from_request(request).as_user(user))
    except DomainError as refusal:
        return _page(request, Shown(*second_factor.pending_enrolment(user), []), error=refusal.text)
    del request.session[PENDING_ENROLMENT]
    try:
        with transaction.atomic():
            held = held_as_proved(user)
            record_login(held, by=Actor.from_request(request))
            login(request, held, backend="users.backends.SessionOnlyBackend")
    except WrongCredentials:  # the owner has chosen another password since
        return HttpResponseRedirect(reverse("admin:login"))
    return HttpResponseRedirect(reverse("admin:index"))


@dataclass(frozen=True)
class Shown:
    """What the page shows."""

    secret: str
    provisioning_uri: str
    backup_codes: list[str]


def _who_proved_a_password(request: HttpRequest) -> User | None:
    pending = request.session.get(PENDING_ENROLMENT)
    if not pending or time.time() - pending["at"] > SECONDS:
        return None
    user = User.objects.filter(pk=UUID(pending["user"]), is_active=True, is_staff=True, totp_enabled=False).first()
    is_current = user is not None and constant_time_compare(user.get_session_auth_hash(), pending.get("hash", ""))
    return user if is_current else None


def _page(request: HttpRequest, shown: Shown, *, error: str = "") -> HttpResponse:
    context = {
        **admin.site.each_context(request),  # the theme's colours and icon too, as on the login page
        "title": "Second factor",
        "picture": _picture(shown.provisioning_uri),
        "secret": shown.secret,
        "backup_codes": shown.backup_codes,
        "form": CodeForm(),
        "error": error,
    }
    return render(request, TEMPLATE, context, status=400 if error else 200)


def _picture(uri: str) -> SafeString:
    # segno draws paths from numbers; nothing of the person's text is in the picture.
    return mark_safe(segno.make(uri, micro=False).svg_inline(scale=5))  # noqa: S308
