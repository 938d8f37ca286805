"""Logging in: one path for the API, the admin and the old endpoints.

An attacker may try many passwords (the attempt is reserved before anything is hashed), many at once (the reservation is
one conditional UPDATE), ask which addresses have accounts (every refusal is the same exception, costs the same kind of
work and takes the same time), or make hashing eat the machine (places are bounded, absurd passwords are not hashed).
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from audit.actor import Actor
from audit.services import record
from titanobova.errors import DomainError
from titanobova.metrics import LOGINS
from users.hashers import hash_password, verify
from users.identity import canonical_email
from users.lockout import Lockable, LockableQuerySet
from users.models import KnownSource, LoginAttempt, PendingLogin, Session, UnknownAccount, User
from users.services import email_flows
from users.services.sessions import open_session
from users.services.sources import fingerprint, remember_source
from users.validators import MAX_BYTES

# Refusals that wait at once in one process; more than these answer at once, for waiting must not use up the threads.
_waiting_places = threading.BoundedSemaphore(2)


class WrongCredentials(DomainError):
    """The e-mail, the password or the state of the account does not let anyone in; which of them is not said."""

    code, status = "invalid_credentials", 401
    message = "The e-mail address or the password is wrong, or the account is locked for a while."


def log_in(email: str, password: str, *, by: Actor) -> Session | PendingLogin:
    """Open a session, or a pending login when the account has a second factor.

    :raises WrongCredentials: for every reason alike, and no earlier than LOGIN_REFUSAL_SECONDS after the start.
    """
    proved = prove_password(email, password, by=by)
    by = by.as_user(proved)
    with transaction.atomic():
        user = held_as_proved(proved)
        if user.totp_enabled:
            record_half_login(user, by=by)
            return PendingLogin.objects.create(user=user, expires_at=timezone.now() + settings.PENDING_LOGIN_LIFETIME)
        return finish_login(user, by=by)


def held_as_proved(proved: User) -> User:
    """Return the account as it is now, held until the caller's transaction ends.

    Hashing takes long, and longer while others wait for it: a thief's login may have begun before the owner chose a new
    password, ended all sessions or turned the second factor on. It must not open one afterwards.

    :raises WrongCredentials: when the password that was proved is no longer the account's, or nobody may log in to it.
    """
    same = User.objects.select_for_update(no_key=True).filter(pk=proved.pk, is_active=True, password=proved.password)
    user = same.first()
    if user is None:
        raise WrongCredentials
    return user


def finish_login(user: User, *, by: Actor) -> Session:
    """Open the session of a user who has proved everything asked for, in the caller's transaction."""
    record_login(user, by=by)
    return open_session(user, by=by)


def record_login(user: User, *, by: Actor) -> None:
    """Record a login that succeeded, in the caller's transaction."""
    by = by.as_user(user)
    _note(user.email, LoginAttempt.Outcome.SUCCESS, by=by)
    User.objects.filter(pk=user.pk).update(last_login=timezone.now(), last_login_ip=by.ip_address)
    if remember_source(user, by=by):
        email_flows.notice_new_device(user, by)
    record("login", "auth.login.succeeded", by=by, on=user)


def record_half_login(user: User, *, by: Actor) -> None:
    """Record that the password was right and the second factor is still to come, in the caller's transaction."""
    by = by.as_user(user)
    _note(user.email, LoginAttempt.Outcome.SECOND_FACTOR, by=by)
    record("login", "auth.login.password_proved", by=by, on=user)


def record_refused_login(user: User, *, by: Actor, reason: str) -> None:
    """Record, in the caller's transaction, that the password was right and yet nobody was let in."""
    if held_unless_gone(user) is None:
        return
    _note(user.email, LoginAttempt.Outcome.WRONG, by=by, user=user)
    record("login", "auth.login.failed", by=by, on=user, details={"reason": reason}, outcome="failure")


def prove_password(email: str, password: str, *, by: Actor) -> User:
    """Return the account that e-mail and password open, with its failures forgotten.

    :raises WrongCredentials: as for log_in.
    """
    with same_time_for_every_refusal():
        account = _account_of(email)
        budget = _budget_of(account, by=by)
        if not LockableQuerySet(type(budget)).reserve_attempt(budget.pk):
            _refuse(email, account, LoginAttempt.Outcome.LOCKED, budget=budget, by=by)
        if not _fits(account, password) or not isinstance(account, User) or not account.is_active:
            _refuse(email, account, LoginAttempt.Outcome.WRONG, budget=budget, by=by)
    LockableQuerySet(type(budget)).filter(pk=budget.pk).forget_failures()
    return account


def _account_of(email: str) -> User | UnknownAccount:
    canonical = canonical_email(email)
    user = User.objects.filter(email_canonical=canonical).first()
    return user or UnknownAccount.objects.get_or_create(digest=UnknownAccount.digest_of(canonical))[0]


def _budget_of(account: User | UnknownAccount, *, by: Actor) -> Lockable:
    """Return what counts the failures of this try: a network the account has logged in from, else the account.

    An attacker elsewhere uses up the account's budget and locks it for everyone unknown; the owner, who comes from a
    known network, has another one and gets in. Whoever knows neither network nor password gains nothing by it.
    """
    if isinstance(account, UnknownAccount):
        return account
    return KnownSource.objects.filter(user=account, fingerprint=fingerprint(account, by)).first() or account


def _fits(account: User | UnknownAccount, password: str) -> bool:
    """Check the password by exactly one call of a hasher, whatever the account; a right one is upgraded."""
    if len(password.encode()) > MAX_BYTES:
        return False
    if isinstance(account, UnknownAccount):
        hash_password(password)
        return False
    fits, must_update = verify(password, account.password)
    if fits and must_update:
        # Conditional: of parallel first logins, and of a password change meanwhile, none overwrites another.
        fresh = hash_password(password)
        if User.objects.filter(pk=account.pk, password=account.password).update(password=fresh):
            account.password = fresh  # the session is bound to it
        else:
            account.refresh_from_db(fields=["password"])
            fits, _ = verify(password, account.password)
    return fits


def _refuse(
    email: str, account: User | UnknownAccount, outcome: LoginAttempt.Outcome, *, budget: Lockable, by: Actor
) -> NoReturn:
    """Record the failure in a transaction of its own, so that it stays recorded, and refuse.

    :raises WrongCredentials: always.
    """
    with transaction.atomic():
        user = held_unless_gone(account)
        _note(email, outcome, by=by, user=user)
        record("login", "auth.login.failed", by=by, on=user, details={"reason": str(outcome)}, outcome="failure")
        if outcome == LoginAttempt.Outcome.WRONG and (user or isinstance(account, UnknownAccount)):
            _tell_of_a_new_lock(account, budget, by=by)
    raise WrongCredentials


def held_unless_gone(account: User | UnknownAccount) -> User | None:
    """Return the account unless it was erased while a password was hashed: nothing is written to its name then."""
    if isinstance(account, UnknownAccount):
        return None
    same = User.objects.select_for_update(no_key=True).filter(pk=account.pk, email_canonical=account.email_canonical)
    return same.first()


def _tell_of_a_new_lock(account: User | UnknownAccount, budget: Lockable, *, by: Actor) -> None:
    """Record the lock that this failure completed, and mail the owner; exactly one failure sees it as its own."""
    lock = LockableQuerySet(type(budget)).filter(pk=budget.pk).start_telling()
    if lock is None:
        return
    record("update", "auth.account.locked", by=by, on=account, details={"until": lock})
    if isinstance(account, User):
        email_flows.send_unlock_link(account, lock, by)


def _note(email: str, outcome: LoginAttempt.Outcome, *, by: Actor, user: User | None = None) -> None:
    LOGINS.labels(outcome).inc()
    LoginAttempt.objects.create(
        email=canonical_email(email)[:254],
        user=user or by.user,
        outcome=outcome,
        ip_address=by.ip_address,
        user_agent=by.user_agent,
    )


@contextmanager
def same_time_for_every_refusal() -> Iterator[None]:
    """Let a refusal out no earlier than LOGIN_REFUSAL_SECONDS after its start.

    Hashes of different kinds take different times (102 ms to 309 ms when measured), which would tell an attacker which
    accounts exist and which were imported. The waiting holds no place of the hashing pool.
    """
    started = time.monotonic()
    try:
        yield
    except WrongCredentials:
        if _waiting_places.acquire(blocking=False):
            try:
                time.sleep(max(0.0, settings.LOGIN_REFUSAL_SECONDS - (time.monotonic() - started)))
            finally:
                _waiting_places.release()
        raise
