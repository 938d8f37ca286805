"""What accounts know of a person: handed out to them, and taken out when they are erased."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from titanobova.models import OutgoingMail
from titanobova.personal_data import blank_mail
from titanobova.search import forget_deleted_words
from users.erased import erased_email
from users.models import (
    BackupCode,
    FormerAddress,
    KnownSource,
    LoginAttempt,
    MailedLink,
    PendingLogin,
    Session,
    User,
)
from users.services.profile import discard_picture

ACCOUNT = (
    "id",
    "email",
    "first_name",
    "last_name",
    "phone_number",
    "user_type",
    "requested_user_type",
    "profile_picture",
    "bio",
    "date_of_birth",
    "email_verified",
    "is_active",
    "is_staff",
    "totp_enabled",
    "failed_login_attempts",
    "account_locked_until",
    "created_at",
    "updated_at",
    "last_password_change",
    "last_login",
    "last_login_ip",
)
SESSION = ("id", "created_at", "last_used_at", "expires_at", "ended_at", "ended_reason", "ip_address", "user_agent")
ATTEMPT = ("email", "outcome", "ip_address", "user_agent", "created_at")
SPANS_AT_ONCE = 100
MAIL_FOLLOWS = timedelta(seconds=10)  # the row that says where it goes; both are written in one transaction

# What an erased account has in its columns; those that are not named stay.
BLANK: dict[str, Any] = {
    "first_name": "",
    "last_name": "",
    "phone_number": "",
    "user_type": User.Type.STUDENT,
    "requested_user_type": "",
    "profile_picture": "",
    "bio": "",
    "date_of_birth": None,
    "email_verified": False,
    "is_active": False,
    "totp_enabled": False,
    "totp_secret": "",
    "totp_pending_secret": "",
    "totp_last_step": 0,
    "failed_login_attempts": 0,
    "account_locked_until": None,
    "lock_told_until": None,
    "last_login": None,
    "last_login_ip": None,
    "last_password_change": None,
}


def account_data(user: User) -> dict[str, Any]:
    """Return what the accounts' tables hold of a person, as JSON would have it.

    Nothing that opens a door is in it, for an access token of fifteen minutes is enough to ask: no hash, secret or
    digest, and no text of a mail, which may carry a link that works.
    """
    mails = OutgoingMail.objects.filter(_mailed_to(user, {user.email})).order_by("pk")
    links = MailedLink.objects.filter(user=user).order_by("pk")
    former = FormerAddress.objects.filter(user=user).order_by("pk")
    return {
        "account": User.objects.filter(pk=user.pk).values(*ACCOUNT).get(),
        "groups": list(user.groups.values_list("name", flat=True)),
        "sessions": list(Session.objects.filter(user=user).order_by("pk").values(*SESSION)),
        "login_attempts": list(LoginAttempt.objects.filter(user=user).order_by("pk").values(*ATTEMPT)),
        "unfinished_logins": list(PendingLogin.objects.filter(user=user).values("expires_at", "wrong_codes")),
        "known_networks": list(KnownSource.objects.filter(user=user).values("created_at", "last_used_at")),
        "backup_codes": list(BackupCode.objects.filter(user=user).values("is_confirmed", "used_at")),
        "former_addresses": list(former.values("email", "replaced_at")),
        "mailed_links": list(links.values("purpose", "email", "created_at", "expires_at", "spent_at")),
        "mails": list(mails.values("recipient", "subject", "status", "delivery", "created_at", "sent_at")),
    }


def erase_account_data(user: User) -> None:
    """Turn the account into a row that names nobody, and delete or blank what hangs on it, in the caller's transaction.

    Its password, sessions, links and codes are gone, so nothing lets anyone in again.
    """
    addresses = _addresses(user)
    for theirs in _mails(user, addresses):
        blank_mail(OutgoingMail.objects.filter(theirs), recipient=erased_email(user.pk))
    LoginAttempt.objects.filter(Q(user=user) | Q(email__in=[address[:254] for address in addresses])).delete()
    for model in (Session, PendingLogin, KnownSource, BackupCode, MailedLink, FormerAddress):
        model._default_manager.filter(user=user).delete()
    discard_picture(user)
    user.groups.clear()
    user.user_permissions.clear()
    for name, blank in BLANK.items():
        setattr(user, name, blank)
    user.email = erased_email(user.pk)
    user.set_unusable_password()
    user.save()
    forget_deleted_words(User)


def _addresses(user: User) -> set[str]:
    """Return the account's address in each form, and those that it had before.

    An earlier address is one that the account was entered with. One that is another account's by now is left out: what
    is mailed there is that person's.
    """
    entered = LoginAttempt.objects.entered().filter(user=user)
    earlier = set(entered.values_list("email", flat=True).distinct())
    others = User.objects.filter(email_canonical__in=earlier).exclude(pk=user.pk)
    return {user.email, user.email_canonical} | (earlier - set(others.values_list("email_canonical", flat=True)))


def _mails(user: User, addresses: set[str]) -> Iterator[Q]:
    """Return which mails were to the person: by address, or because they went where only theirs could go just then.

    Anybody can have links mailed to an account, and SQLite takes no more than a thousand conditions in one query: so
    they come SPANS_AT_ONCE each. All are found by the index of recipients.
    """
    yield _mailed_to(user, addresses)
    spans = list(_spans(user))
    for start in range(0, len(spans), SPANS_AT_ONCE):
        wanted = Q()
        for email, since, until in spans[start : start + SPANS_AT_ONCE]:
            wanted |= Q(recipient__iexact=email, created_at__range=(since, until), reply_to="")
        yield wanted


def _spans(user: User) -> Iterator[tuple[str, datetime, datetime]]:
    """Yield to which address, and between which instants, mail about the account alone was sent.

    A link may have gone to an address that they only claimed, so of what went there nothing else is touched. A former
    address was the account's until another took its place, the notice of that included; what is mailed there since may
    be for somebody else.
    """
    for email, sent_at in MailedLink.objects.filter(user=user).values_list("email", "created_at"):
        yield email, sent_at, sent_at + MAIL_FOLLOWS
    since = user.created_at
    for email, replaced_at in (
        FormerAddress.objects.filter(user=user).order_by("pk").values_list("email", "replaced_at")
    ):
        yield email, since, replaced_at + MAIL_FOLLOWS
        since = replaced_at


def _mailed_to(user: User, addresses: set[str]) -> Q:
    """Return which mails to these addresses are the person's.

    Anyone can register a stranger's address, or our own. So before the account's address is proven, and for those it
    had before, only mails about the account count: sent since it exists, and by no member of the staff (those name
    where to reply).
    """
    wanted = Q()
    for address in addresses:
        to_it = Q(recipient__iexact=address)
        is_proven = user.email_verified and address in {user.email, user.email_canonical}
        wanted |= to_it if is_proven else to_it & Q(reply_to="", created_at__gte=user.created_at)
    return wanted
