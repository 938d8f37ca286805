"""What accounts mail: links, and notices of what happened to them.

A name stands only in mails to a proven address: else whoever registers a stranger's address with an advertisement for a
name would have us deliver it. Of the user agent, which its sender writes, only known words are repeated.
"""

from datetime import datetime

from django.utils import timezone

from audit.actor import Actor
from titanobova.email import send_later
from users.devices import device_name
from users.lockout import FAILURES_TO_LOCK
from users.models import User
from users.services.links import Purpose, send_link


def send_verification(user: User) -> None:
    """Mail the link that proves the account's address, in the caller's transaction."""
    send_link(
        user,
        Purpose.VERIFY_EMAIL,
        to=user.email,
        template="users_verify_email",
        subject="Please confirm your e-mail address",
        label="Confirm the address",
    )


def send_reset_link(user: User, *, by: Actor) -> None:
    """Mail the link that sets a new password, to the stored address, in the caller's transaction."""
    send_link(
        user,
        Purpose.RESET_PASSWORD,
        to=user.email,
        template="users_reset_password",
        subject="Choose a new password",
        label="Choose a new password",
        context=_facts(user, by),
    )


def send_change_link(user: User, *, to: str) -> None:
    """Mail the link that changes the account's address to the new one, in the caller's transaction."""
    send_link(
        user,
        Purpose.CHANGE_EMAIL,
        to=to,
        template="users_change_email",
        subject="Please confirm your new e-mail address",
        label="Use this address",
    )


def send_unlock_link(user: User, until: datetime, by: Actor) -> None:
    """Tell the owner of a lock that lasts until `until`, with a link that takes it off; in the caller's transaction."""
    send_link(
        user,
        Purpose.UNLOCK,
        to=user.email,
        template="account_locked",
        subject="Your account is locked for a while",
        label="Unlock the account",
        context={**_facts(user, by), "until": until, "failures": FAILURES_TO_LOCK},
    )


def hint_at_account(email: str) -> None:
    """Tell the owner of an account that somebody else wanted its address."""
    send_later("users_change_email_hint", to=email, subject="You have an account with this address already")


def notice_email_change_requested(user: User, by: Actor, *, new_email: str) -> None:
    """Tell the owner that the address of the account is to change."""
    subject = "Your e-mail address is about to change"
    _notify(user, by, "users_change_email_requested", subject, new_email=new_email)


def notice_email_changed(user: User, by: Actor, *, old_email: str) -> None:
    """Tell the owner, at the old address, that the account has a new one."""
    subject = "Your e-mail address was changed"
    # Without the name: that the new address is proved says nothing of the old one.
    _notify(user, by, "users_email_changed", subject, to=old_email, new_email=user.email, first_name="")


def notice_password_changed(user: User, by: Actor) -> None:
    """Tell the owner that the password is a new one."""
    _notify(user, by, "users_password_changed", "Your password was changed")


def notice_second_factor_on(user: User, by: Actor) -> None:
    """Tell the owner that a login now takes a second factor."""
    _notify(user, by, "users_second_factor_on", "Your second factor is on")


def notice_second_factor_off(user: User, by: Actor) -> None:
    """Tell the owner that a login no longer takes a second factor."""
    _notify(user, by, "users_second_factor_off", "Your second factor is off")


def notice_new_device(user: User, by: Actor) -> None:
    """Tell the owner of a login from a network that the account was not used from before."""
    _notify(user, by, "users_new_device", "A login from somewhere new")


def _notify(user: User, by: Actor, template: str, subject: str, *, to: str = "", **context: object) -> None:
    send_later(template, to=to or user.email, subject=subject, context={**_facts(user, by), **context})


def _facts(user: User, by: Actor) -> dict[str, object]:
    return {
        "first_name": user.first_name if user.email_verified else "",
        "at": timezone.now(),
        "device": device_name(by.user_agent),
        "ip_address": by.ip_address,
    }
