"""New passwords: chosen by who knows the old one, or by who reads the account's mail."""

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from audit.actor import Actor
from audit.services import record
from titanobova.errors import FieldError
from users.hashers import hash_password
from users.identity import clean_email
from users.models import User
from users.services import email_flows
from users.services.addresses import mark_verified
from users.services.eviction import evict_others, refuse_evicted
from users.services.links import Purpose, has_room, held_by_email, kept_only_if, open_link, spend_link
from users.services.lock import unlock
from users.services.step_up import StepUpRequired, require_step_up


def change_password(user: User, *, password: str, new_password: str, token: str = "", by: Actor) -> None:
    """Set a new password for who proves the old one; all other sessions end.

    :raises FieldError: on `new_password`, when it breaks a rule. Looked at first, for the proof uses up a code.
    :raises StepUpRequired: when password or code is missing or wrong, or another password was set meanwhile: hashing
        takes long, and a thief's change may have begun before the owner's.
    :raises InvalidToken: when the session was ended meanwhile.
    """
    _hold_against_the_rules(new_password, user)
    proved = require_step_up(user, password=password, token=token, by=by)
    made = hash_password(new_password)
    with transaction.atomic():
        if not _store(made, in_=User.objects.filter(pk=proved.pk, password=proved.password)):
            raise StepUpRequired
        refuse_evicted(by)
        ended = evict_others(user, by=by, reason="password changed")
        record("update", "auth.password.changed", by=by, on=user, details={"sessions_ended": ended})
        email_flows.notice_password_changed(user, by)


def ask_for_reset(email: str, *, by: Actor) -> None:
    """Mail a link for a new password to the stored address of an open account; any other address gets none.

    Status, answer and statements are the same for every address. The mail goes to what is stored and not to what was
    typed: a look-alike that folds to the same canonical form must not receive it (Django's CVE-2019-19844).
    """
    room = has_room(Purpose.RESET_PASSWORD, email)
    with transaction.atomic():
        user = held_by_email(email)
        wanted = room and user is not None and user.is_active
        record("update", "auth.password.reset_requested", by=by, on=user, details={"mailed": wanted})
        with kept_only_if(wanted):
            email_flows.send_reset_link(user or User(email=clean_email(email)), by=by)


def reset_password(*, token: str, new_password: str, by: Actor) -> None:
    """Set a new password for who holds a mailed link: that proves the address, ends all sessions and takes a lock off.

    A second factor stays on: a mailbox alone does not open such an account. Nothing is hashed for a link that is void.

    :raises InvalidLink: when the link does not count.
    :raises FieldError: on `new_password`, when it breaks a rule; the link stays good.
    """
    link = open_link(token, Purpose.RESET_PASSWORD)
    by = by.as_user(link.user)
    _hold_against_the_rules(new_password, link.user)
    made = hash_password(new_password)
    with transaction.atomic():
        user = spend_link(link)
        _store(made, in_=User.objects.filter(pk=user.pk))
        mark_verified(user, by=by)
        ended = evict_others(user, by=by, reason="password reset")
        unlock(user, by=by)
        record("update", "auth.password.reset", by=by, on=user, details={"sessions_ended": ended})
        email_flows.notice_password_changed(user, by)


def replace_password(user: User, *, new_password: str, by: Actor) -> None:
    """Set a new password for whom operations vouch for; all sessions end.

    :raises FieldError: on `new_password`, when it breaks a rule.
    """
    _hold_against_the_rules(new_password, user)
    made = hash_password(new_password)
    with transaction.atomic():
        _store(made, in_=User.objects.filter(pk=user.pk))
        ended = evict_others(user, by=by, reason="password changed")
        record("update", "auth.password.changed", by=by, on=user, details={"sessions_ended": ended})
        email_flows.notice_password_changed(user, by)


def unlock_by_link(token: str, *, by: Actor) -> None:
    """Take the lock off the account whose owner holds the mailed link.

    :raises InvalidLink: when the link does not count.
    """
    link = open_link(token, Purpose.UNLOCK)
    with transaction.atomic():
        unlock(spend_link(link), by=by.as_user(link.user))


def _hold_against_the_rules(new_password: str, user: User) -> None:
    try:
        validate_password(new_password, user)
    except ValidationError as broken:
        raise FieldError("new_password", " ".join(broken.messages), "password_too_weak") from None


def _store(made: str, *, in_: "QuerySet[User]") -> int:
    now = timezone.now()
    return in_.update(password=made, last_password_change=now, updated_at=now)
