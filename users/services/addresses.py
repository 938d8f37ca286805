"""E-mail addresses of accounts: proving the one there is, and changing it."""

from django.db import IntegrityError, transaction
from django.utils import timezone

from audit.actor import Actor
from audit.services import record
from titanobova.errors import DomainError
from users.extension_points import on_email_verified
from users.identity import canonical_email, clean_email
from users.models import FormerAddress, User
from users.services import email_flows
from users.services.eviction import evict_others, refuse_evicted
from users.services.links import Purpose, close_links, has_room, held_by_email, kept_only_if, open_link, spend_link
from users.services.step_up import require_step_up


class EmailTaken(DomainError):
    """Between the request and its confirmation somebody else made an account with the address."""

    code, status, message = "email_taken", 409, "Another account has this e-mail address by now."


def verify_email(token: str, *, by: Actor) -> None:
    """Note that the holder of a mailed link reads the account's mail.

    :raises InvalidLink: when the link does not count.
    """
    link = open_link(token, Purpose.VERIFY_EMAIL)
    with transaction.atomic():
        mark_verified(spend_link(link), by=by.as_user(link.user))


def mark_verified(user: User, *, by: Actor) -> None:
    """Note, in the caller's transaction, that the address is proved, and let the other apps know; once."""
    unproved = User.objects.filter(pk=user.pk, email_verified=False)
    if unproved.update(email_verified=True, updated_at=timezone.now()):
        user.email_verified = True
        _tell_of_verified(user, by=by)


def resend_verification(email: str, *, by: Actor) -> None:
    """Mail a fresh link to an address that waits for its proof; any other address gets none, at the same cost."""
    room = has_room(Purpose.VERIFY_EMAIL, email)
    with transaction.atomic():
        user = held_by_email(email)
        wanted = room and user is not None and user.is_active and not user.email_verified
        record("update", "users.email.verification_requested", by=by, on=user, details={"mailed": wanted})
        with kept_only_if(wanted):
            email_flows.send_verification(user or User(email=clean_email(email)))


def change_email(user: User, *, email: str, password: str, token: str = "", by: Actor) -> None:
    """Mail a link to the new address, which changes nothing before it is opened there, and a notice to the old one.

    Where the new address has an account already, its owner gets a hint instead: who asks sees no difference, so this is
    no way to find out who has an account.

    :raises StepUpRequired: when password or code is missing or wrong.
    :raises InvalidToken: when the session was ended meanwhile.
    """
    require_step_up(user, password=password, token=token, by=by)
    new = clean_email(email)
    owner = User.objects.filter(email_canonical=canonical_email(new)).exclude(pk=user.pk).first()
    room = has_room(Purpose.CHANGE_EMAIL, new)
    with transaction.atomic():
        with kept_only_if(room and owner is None):
            email_flows.send_change_link(user, to=new)
        refuse_evicted(by)
        with kept_only_if(room and owner is not None):
            email_flows.hint_at_account(owner.email if owner else new)
        email_flows.notice_email_change_requested(user, by, new_email=new)
        record("update", "auth.email.change_requested", by=by, on=user)


def confirm_email(token: str, *, by: Actor) -> None:
    """Change the account's address to the one that the link was mailed to; all other sessions end.

    :raises InvalidLink: when the link does not count.
    :raises EmailTaken: when the address has another account by now; the constraint decides.
    """
    link = open_link(token, Purpose.CHANGE_EMAIL)
    by = by.as_user(link.user)
    with transaction.atomic():
        user = spend_link(link)
        old = user.email
        _store(user, link.email)
        ended = evict_others(user, by=by, reason="e-mail changed")
        close_links(user, Purpose.VERIFY_EMAIL)
        record("update", "auth.email.changed", by=by, on=user, details={"sessions_ended": ended})
        FormerAddress.objects.create(user=user, email=old)
        email_flows.notice_email_changed(user, by, old_email=old)
        _tell_of_verified(user, by=by)


def follow_replaced_email(user: User, *, old_email: str, by: Actor) -> None:
    """Do what follows, in the caller's transaction, when staff have given the account an address that nobody proved.

    Whatever a proved address opens stays shut until the link mailed there is followed: what a stranger wrote from it
    would be handed out with the account's data. Other ways in and links to the old one are void; who reads it is told.
    """
    evict_others(user, by=by, reason="e-mail changed")
    email_flows.send_verification(user)
    record("update", "auth.email.changed", by=by, on=user)
    FormerAddress.objects.create(user=user, email=old_email)
    email_flows.notice_email_changed(user, by, old_email=old_email)


def _store(user: User, email: str) -> None:
    user.email, user.email_verified = email, True
    try:
        with transaction.atomic():
            user.save(update_fields=["email", "email_verified", "updated_at"])
    except IntegrityError:
        raise EmailTaken from None


def _tell_of_verified(user: User, *, by: Actor) -> None:
    record("update", "users.email.verified", by=by, on=user)
    for tell in on_email_verified:
        tell(user, by)
