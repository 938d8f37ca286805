"""Proving once more who one is, in the request that does something grave.

A stolen access token is good for fifteen minutes of reading; it must not be enough to take the account over or to move
money. So these requests carry the password again, and a code where there is a second factor.
"""

from audit.actor import Actor
from titanobova import throttling
from titanobova.errors import DomainError
from users.models import User
from users.services.limits import count_try
from users.services.login import WrongCredentials, prove_password
from users.services.second_factor import LIMIT, record_failure, spend_code


class StepUpRequired(DomainError):
    """The request needs `password`, and `token` where there is a second factor; they are missing or wrong."""

    code, status = "step_up_required", 403
    message = "Send your password with this request, and a code (`token`) if you have a second factor."


def require_step_up(user: User, *, password: str, token: str = "", by: Actor) -> User:
    """Let the caller go on only when the person behind the request is proved anew; return the account as proved.

    Guesses count as failed logins do: the same lock and the same limit of codes stop them.

    :raises StepUpRequired: when anything is missing or wrong; which of it is not said.
    :raises TooManyRequests: after five codes in five minutes.
    """
    if not password:
        raise StepUpRequired
    try:
        proved = prove_password(user.email, password, by=by)
    except WrongCredentials:
        raise StepUpRequired from None
    stored = User.objects.get(pk=user.pk)
    if stored.totp_enabled:
        count_try(LIMIT, str(user.pk), by=by)
        if not spend_code(stored, token):
            record_failure(stored, by=by)
            raise StepUpRequired
        throttling.forget(LIMIT, str(user.pk))
    return proved
