"""The tables of accounts and of what logs them in."""

from users.models.accounts import KnownSource, LoginAttempt, UnknownAccount, User
from users.models.addresses import FormerAddress
from users.models.proofs import BackupCode, BackupCodeQuerySet, MailedLink, MailedLinkQuerySet
from users.models.sessions import PendingLogin, PendingLoginQuerySet, Session, SessionQuerySet

__all__ = [
    "BackupCode",
    "BackupCodeQuerySet",
    "FormerAddress",
    "KnownSource",
    "LoginAttempt",
    "MailedLink",
    "MailedLinkQuerySet",
    "PendingLogin",
    "PendingLoginQuerySet",
    "Session",
    "SessionQuerySet",
    "UnknownAccount",
    "User",
]
