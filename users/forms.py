"""The login page of the admin."""

import time
from typing import Any

from django import forms
from django.conf import settings
from django.db import transaction
from unfold.forms import AdminOwnPasswordChangeForm, AuthenticationForm
from unfold.widgets import BASE_INPUT_CLASSES

from audit.actor import Actor
from titanobova import throttling
from titanobova.errors import DomainError
from titanobova.http import client_address
from users.models import User
from users.services.limits import count_try
from users.services.login import (
    WrongCredentials,
    held_as_proved,
    prove_password,
    record_half_login,
    record_login,
    record_refused_login,
)
from users.services.second_factor import LIMIT, WrongSecondFactor, record_failure, spend_code

# Where the browser's session keeps whose password was proved, which, and when, while the second factor is to be set up.
PENDING_ENROLMENT = "second_factor_enrolment"


class CodeForm(forms.Form):
    """The first code of a new second factor."""

    token = forms.CharField(
        label="Code of the app",
        max_length=64,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "class": " ".join(BASE_INPUT_CLASSES)}
        ),
    )

    @property
    def code(self) -> str:
        """What was typed, as far as it can be a code at all."""
        return self.cleaned_data["token"] if self.is_valid() else ""


class SecondFactorMissing(DomainError):
    """The admin is only open to those who have set up a second factor."""

    code, status = "second_factor_missing", 403
    message = "Set up your second factor first; the admin opens with it only."


class StaffLoginForm(AuthenticationForm):
    """The same login as the API's: the same lockout, limits and second factor guard this door."""

    token = forms.CharField(
        label="Code of your second factor, if you have one",
        required=False,
        max_length=64,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "class": " ".join(BASE_INPUT_CLASSES)}),
    )

    def clean(self) -> dict[str, Any]:
        """Find out who it is.

        :raises ValidationError: with one text for whatever was wrong.
        """
        given: dict[str, Any] = self.cleaned_data
        if given.get("username") and given.get("password"):
            try:
                self.user_cache = self._log_in(given["username"], given["password"], given.get("token", ""))
            except DomainError as refusal:
                raise forms.ValidationError(refusal.text, code=refusal.code) from None
        return given

    def _log_in(self, email: str, password: str, token: str) -> User:
        actor = Actor.from_request(self.request)
        count_try("login", throttling.network_of(client_address(self.request)), by=actor)
        user = prove_password(email, password, by=actor)
        self._refuse_others_than_staff(user, by=actor)
        if user.totp_enabled:
            count_try(LIMIT, str(user.pk), by=actor.as_user(user))
            if not spend_code(user, token):
                record_failure(user, by=actor)
                raise WrongSecondFactor
            throttling.forget(LIMIT, str(user.pk))
        elif settings.REQUIRE_STAFF_2FA:
            with transaction.atomic():
                record_half_login(user, by=actor)
            self.request.session[PENDING_ENROLMENT] = {
                "user": str(user.pk),
                "at": time.time(),
                "hash": user.get_session_auth_hash(),
            }
            raise SecondFactorMissing
        with transaction.atomic():
            held = held_as_proved(user)
            if held.totp_enabled != user.totp_enabled:  # turned on since, so no code was asked for
                raise WrongCredentials
            record_login(held, by=actor)
        user.backend = "users.backends.SessionOnlyBackend"  # what django's login() reads
        return user

    def _refuse_others_than_staff(self, user: User, *, by: Actor) -> None:
        """Keep out who is no staff before anything is recorded as a login, or a code spent.

        :raises ValidationError: for them
        """
        try:
            self.confirm_login_allowed(user)
        except forms.ValidationError:
            with transaction.atomic():
                record_refused_login(user, by=by, reason="no staff")
            raise


class StaffPasswordForm(AdminOwnPasswordChangeForm):
    """The staff's own new password; the service checks the old one, as carefully as a login."""

    token = forms.CharField(
        label="Code of your second factor, if you have one",
        required=False,
        max_length=64,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "class": " ".join(BASE_INPUT_CLASSES)}),
    )

    def clean_old_password(self) -> str:
        """Return what was typed: checked here, a stolen cookie could be used to try as many passwords as one likes."""
        return str(self.cleaned_data["old_password"])
