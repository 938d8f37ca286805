"""Django's permissions for the admin, without a second way to check passwords."""

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest


class SessionOnlyBackend(ModelBackend):
    """Load users and their permissions; the login itself is users/services/login.py and nothing else.

    `django.contrib.auth.authenticate` would check a password without lockout, second factor or audit row.
    """

    def authenticate(self, request: HttpRequest | None, **credentials: object) -> None:  # type: ignore[override]  # it refuses all
        """Refuse: no password is checked here."""
