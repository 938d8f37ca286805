"""A person's data: all of it handed out, all of it erased."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from audit.actor import Actor
from audit.personal_data import forget_person, rows_of
from audit.services import record
from titanobova.errors import DomainError
from users import extension_points
from users.erased import is_erased_email
from users.models import User
from users.personal_data import account_data, erase_account_data
from users.services.eviction import refuse_evicted
from users.services.step_up import require_step_up


class StaffAccount(DomainError):
    """Members of the staff are not erased by themselves."""

    code, status = "staff_account", 409
    message = "This account has rights of the staff. Let somebody else of the staff take them away first."


def export_personal_data(user: User, *, by: Actor) -> dict[str, Any]:
    """Return everything that is known of the person, from every app, as JSON would have it."""
    with transaction.atomic():
        known = {"exported_at": timezone.now(), "users": account_data(user), "audit": rows_of(user.pk)}
        for export in extension_points.export_person:
            known |= export(user)
        record("create", "users.exported", by=by, on=user)
    return known


def erase_account(user: User, *, password: str, token: str = "", by: Actor) -> None:
    """Erase the person for good; what has to stay (payments, enrolments, the fact in the log) names nobody any more.

    One transaction: either everything is gone or nothing, and where another request erases at the same moment, once.

    :raises StaffAccount: for staff, whose acts must stay theirs.
    :raises StepUpRequired: without the password, and a code where there is a second factor.
    :raises InvalidToken: when the session was ended meanwhile.
    """
    _refuse_staff(user)
    require_step_up(user, password=password, token=token, by=by)
    with transaction.atomic():
        person = User.objects.select_for_update(no_key=True).get(pk=user.pk)
        refuse_evicted(by)
        _refuse_staff(person)
        if is_erased_email(person.email):
            return
        for erase in extension_points.erase_person:
            erase(person, by)
        erase_account_data(person)
        record("delete", "users.erased", by=by, on=person)
        forget_person(person.pk)


def _refuse_staff(user: User) -> None:
    if user.is_staff or user.is_superuser:
        raise StaffAccount
