"""New accounts."""

from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from audit.actor import Actor
from audit.services import record
from titanobova.errors import FieldError
from users.hashers import hash_password
from users.models import User
from users.services.email_flows import send_verification


def register(*, email: str, password: str, user_type: str, by: Actor, **fields: Any) -> User:
    """Make a student's account and mail the link that proves its address; the wish to teach is kept for staff to see.

    The unique constraint decides between parallel registrations of one e-mail, so none of them ends in an error page.

    :raises FieldError: on `email`, when it has an account already.
    """
    wish = user_type if user_type != User.Type.STUDENT else ""
    user = User(email=email, requested_user_type=wish, last_password_change=timezone.now(), **fields)
    user.password = hash_password(password)
    try:
        with transaction.atomic():
            user.save(force_insert=True)
            record("create", "users.registered", by=by.as_user(user), on=user)
            send_verification(user)
    except IntegrityError:
        raise FieldError("email", "An account with this e-mail address exists already.", "unique") from None
    return user
