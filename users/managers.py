"""Finding and making accounts."""

from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import BaseUserManager
from django.db import transaction

from audit.actor import Actor
from audit.services import record
from users.identity import canonical_email

if TYPE_CHECKING:
    from users.models import User


class UserManager(BaseUserManager["User"]):
    """Accounts are found by their canonical e-mail."""

    def get_by_natural_key(self, username: str | None) -> "User":
        """Return the account of an e-mail address, whatever its case.

        :raises User.DoesNotExist: when there is none.
        """
        return self.get(email_canonical=canonical_email(username or ""))

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Make an account; without a password it cannot log in by one."""
        user = self.model(email=email, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Make an account that may do everything in the admin (`manage.py createsuperuser`)."""
        fields |= {"is_staff": True, "is_superuser": True, "user_type": "admin", "email_verified": True}
        with transaction.atomic(using=self._db):
            made = self.create_user(email, password, **fields)
            record("create", "users.superuser.created", by=Actor.from_system("createsuperuser"), on=made)
        return made
