"""Small pages for the links in mails, where no frontend has its own (FRONTEND_URL).

Opening a page does nothing: mail scanners and previews open links too. The button does it, by a POST with Django's CSRF
token. The pages need no script and load nothing. The token stands in their address, so the address never goes out as a
Referer: `strict-origin` sends no more than the host. (Under `no-referrer` browsers send `Origin: null` with the form,
as the Fetch standard says and Chromium showed, and Django's CSRF check refuses that.)
"""

from collections.abc import Callable
from dataclasses import dataclass

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from audit.actor import Actor
from titanobova.errors import DomainError, FieldError
from titanobova.http import client_address
from titanobova.throttling import network_of
from users.services.addresses import confirm_email, verify_email
from users.services.limits import count_try
from users.services.links import InvalidLink
from users.services.passwords import reset_password, unlock_by_link
from users.validators import MAX_BYTES

HEADERS = {
    "Referrer-Policy": "strict-origin",
    "X-Robots-Tag": "noindex",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
}


class LinkForm(forms.Form):
    """The token, carried from the address into the button."""

    token = forms.CharField(max_length=200, widget=forms.HiddenInput)

    def act(self, do: Callable[..., None], *, by: Actor) -> None:
        """Do what the link is for."""
        do(self.cleaned_data["token"], by=by)


class NewPasswordForm(LinkForm):
    """The token and a new password."""

    new_password = forms.CharField(
        label="New password",
        help_text="At least 10 characters. A few words in a row are easy to keep and hard to guess.",
        max_length=MAX_BYTES,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "autofocus": True}),
    )

    def act(self, do: Callable[..., None], *, by: Actor) -> None:
        """Set the password."""
        do(**self.cleaned_data, by=by)


@dataclass(frozen=True)
class Page:
    """What one page says and does."""

    heading: str
    explanation: str
    button: str
    done_heading: str
    done: str
    do: Callable[..., None]
    form: type[LinkForm] = LinkForm


VERIFY_EMAIL = Page(
    heading="Confirm your e-mail address",
    explanation="With this you tell us that the address of your account is really yours.",
    button="Confirm the address",
    done_heading="Your address is confirmed",
    done="Thank you. You can close this page.",
    do=verify_email,
)
CONFIRM_EMAIL = Page(
    heading="Use this e-mail address",
    explanation="Your account gets the address that this mail was sent to. You will have to log in again everywhere.",
    button="Use this address",
    done_heading="Your address is changed",
    done="From now on, log in with the new address. We have told the old one.",
    do=confirm_email,
)
RESET_PASSWORD = Page(
    heading="Choose a new password",
    explanation="It counts from now on. Wherever you are logged in, you will have to log in again.",
    button="Set the password",
    done_heading="Your password is changed",
    done="Log in with it now. If you have a second factor, you will be asked for its code as before.",
    do=reset_password,
    form=NewPasswordForm,
)
UNLOCK = Page(
    heading="Unlock your account",
    explanation="Too many wrong passwords were tried, so your account is locked for a while. You need not wait.",
    button="Unlock the account",
    done_heading="Your account is unlocked",
    done="You can log in again.",
    do=unlock_by_link,
)


@sensitive_post_parameters("token", "new_password")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def link_page(request: HttpRequest, page: Page) -> HttpResponse:
    """Show the page of a mailed link; its button does what the link is for."""
    if request.method != "POST":
        token = request.GET.get("token", "")
        return _show(request, page, form=page.form(initial={"token": token}), refusal=None if token else InvalidLink())
    form = page.form(request.POST)
    if "token" in form.errors:
        return _show(request, page, refusal=InvalidLink())
    try:
        _act(request, page, form)
    except FieldError as broken:
        form.add_error(broken.field, broken.reason)
    except DomainError as refusal:
        return _show(request, page, refusal=refusal)
    return _show(request, page, form=form if form.errors else None)


def _act(request: HttpRequest, page: Page, form: LinkForm) -> None:
    actor = Actor.from_request(request)
    count_try("anon", network_of(client_address(request)), by=actor)
    if form.is_valid():
        form.act(page.do, by=actor)


def _show(
    request: HttpRequest, page: Page, *, form: LinkForm | None = None, refusal: DomainError | None = None
) -> HttpResponse:
    """Return the form, the refusal or, with neither, the success."""
    status = refusal.status if refusal else 400 if form and form.errors else 200
    response = render(request, "users/link_page.html", {"page": page, "form": form, "refusal": refusal}, status=status)
    for name, value in HEADERS.items():
        response[name] = value
    if refusal and refusal.retry_after is not None:
        response["Retry-After"] = str(refusal.retry_after)
    return response


urlpatterns = [
    path("verify-email", link_page, {"page": VERIFY_EMAIL}, name="verify-email-page"),
    path("confirm-email", link_page, {"page": CONFIRM_EMAIL}, name="confirm-email-page"),
    path("reset-password", link_page, {"page": RESET_PASSWORD}, name="reset-password-page"),
    path("unlock", link_page, {"page": UNLOCK}, name="unlock-page"),
]
