"""The second factor: TOTP (RFC 6238) and backup codes.

An attacker who knows the password may guess codes (five tries a pending login, and five in five minutes for the
account whatever the address), replay a code seen over a shoulder (each time step and each backup code is spent by one
conditional UPDATE), or read the database (secrets are encrypted, backup codes are keyed digests of 80 random bits).
"""

import base64
import re
import secrets
from dataclasses import dataclass

import pyotp
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from pyotp.exceptions import OTPVerificationError

from audit.actor import Actor
from audit.services import record
from titanobova import throttling
from titanobova.crypto import decrypt, encrypt, keyed_digest
from titanobova.errors import DomainError
from titanobova.metrics import LOGINS
from users.models import BackupCode, LoginAttempt, PendingLogin, Session, User
from users.services import email_flows
from users.services.eviction import refuse_evicted
from users.services.limits import count_try
from users.services.login import finish_login, held_unless_gone
from users.tokens import InvalidToken

ISSUER = "titanobova"
SECRET_BYTES = 20  # 160 bits, RFC 4226's recommendation
BACKUP_CODES = 10
BACKUP_CODE_BYTES = 10  # 80 bits: 16 letters and digits
LIMIT = "verify_2fa"


class WrongSecondFactor(DomainError):
    """The code does not fit, or was used before."""

    code, status = "wrong_second_factor", 401
    message = "The code is wrong, expired or already used."


class NothingToConfirm(DomainError):
    """Confirming a second factor that nobody asked for."""

    code, status = "no_pending_second_factor", 409
    message = "Ask for a new second factor first."


class NoSecondFactor(DomainError):
    """Changing a second factor that is not on."""

    code, status, message = "no_second_factor", 409, "The second factor is not on."


@dataclass(frozen=True)
class Enrolment:
    """What a person needs to set up the second factor; none of it can be shown again."""

    secret: str
    provisioning_uri: str
    backup_codes: list[str]


def start_enrolment(user: User, *, by: Actor) -> Enrolment:
    """Make a new secret and ten backup codes, which count once the person confirms with a code.

    What is active stays active until then, so neither a lost answer nor a stolen session locks the owner out.
    """
    secret = base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode()
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(totp_pending_secret=encrypt(secret))
        user.backup_codes.filter(is_confirmed=False).delete()
        codes = _make_backup_codes(user, is_confirmed=False)
        record("update", "auth.2fa.requested", by=by, on=user)
    return Enrolment(secret, _provisioning_uri(user, secret), codes)


def _make_backup_codes(user: User, *, is_confirmed: bool) -> list[str]:
    """Store the digests of ten new codes and return the codes as a person reads them, in groups of four."""
    codes = [base64.b32encode(secrets.token_bytes(BACKUP_CODE_BYTES)).decode().lower() for _ in range(BACKUP_CODES)]
    rows = [BackupCode(user=user, digest=digest_backup_code(user, code), is_confirmed=is_confirmed) for code in codes]
    user.backup_codes.bulk_create(rows)
    return ["-".join(re.findall("....", code)) for code in codes]


def pending_enrolment(user: User) -> tuple[str, str]:
    """Return the secret that waits for its first code and its otpauth address, to show them once more.

    :raises NothingToConfirm: when nobody asked for a second factor.
    """
    token = User.objects.get(pk=user.pk).totp_pending_secret
    if not token:
        raise NothingToConfirm
    secret = decrypt(token)
    return secret, _provisioning_uri(user, secret)


def _provisioning_uri(user: User, secret: str) -> str:
    return pyotp.TOTP(secret).provisioning_uri(name=user.email, issuer_name=ISSUER)


def confirm_enrolment(user: User, code: str, *, by: Actor) -> None:
    """Turn the second factor on, with the codes that came with it; all other sessions end.

    The code that confirms is spent: who watched it cannot log in with it. Where one is on already, as `user` knows, the
    caller has asked for the password and a code of that one: a stolen session must not put the thief's app in the place
    of the owner's. So that and the password must still be as `user` knows: a thief might let a request wait until the
    owner has a second factor, or another password.

    :raises NothingToConfirm: without a secret that waits for it.
    :raises WrongSecondFactor: when the code does not fit.
    :raises TooManyRequests: after five wrong codes in five minutes.
    :raises InvalidToken: when the session was ended meanwhile.
    """
    count_try(LIMIT, str(user.pk), by=by)
    pending = User.objects.get(pk=user.pk).totp_pending_secret
    if not pending:
        raise NothingToConfirm
    step = _step_of(decrypt(pending), code)
    if step is None:
        record_failure(user, by=by)
        raise WrongSecondFactor
    with transaction.atomic():
        as_known = {"totp_enabled": user.totp_enabled, "password": user.password}
        asked = User.objects.filter(pk=user.pk, totp_pending_secret=pending, **as_known)
        confirmed = asked.update(
            totp_secret=pending,
            totp_pending_secret="",
            totp_enabled=True,
            totp_last_step=step,
            session_epoch=F("session_epoch") + 1,  # who was let in by another second factor is let in no more
        )
        if not confirmed:
            raise NothingToConfirm
        refuse_evicted(by)
        user.backup_codes.filter(is_confirmed=True).delete()
        user.backup_codes.update(is_confirmed=True)
        Session.objects.filter(user=user).other_than(by.session_id).end("second factor changed")
        record("update", "auth.2fa.enabled", by=by, on=user)
        email_flows.notice_second_factor_on(user, by)
    throttling.forget(LIMIT, str(user.pk))


def disable(user: User, *, by: Actor) -> None:
    """Turn the second factor off; the caller has asked for the password and a code. All other sessions end.

    :raises NoSecondFactor: when there is none.
    :raises InvalidToken: when the session was ended meanwhile.
    """
    with transaction.atomic():
        cleared = User.objects.filter(pk=user.pk, totp_enabled=True).update(
            totp_enabled=False, totp_secret="", totp_pending_secret=""
        )
        if not cleared:
            raise NoSecondFactor
        refuse_evicted(by)
        user.backup_codes.all().delete()
        Session.objects.filter(user=user).other_than(by.session_id).end("second factor changed")
        record("update", "auth.2fa.disabled", by=by, on=user)
        email_flows.notice_second_factor_off(user, by)


def regenerate_backup_codes(user: User, *, by: Actor) -> list[str]:
    """Replace the backup codes, used and unused; the caller has asked for the password and a code.

    :raises NoSecondFactor: when there is none to replace.
    :raises InvalidToken: when the session was ended meanwhile.
    """
    with transaction.atomic():
        if not User.objects.select_for_update(no_key=True).filter(pk=user.pk, totp_enabled=True).exists():
            raise NoSecondFactor
        refuse_evicted(by)
        user.backup_codes.filter(is_confirmed=True).delete()
        codes = _make_backup_codes(user, is_confirmed=True)
        record("update", "auth.2fa.codes_replaced", by=by, on=user)
    return codes


def complete_login(token: PendingLogin, code: str, *, by: Actor) -> Session:
    """Open the session of a pending login by its second factor.

    :raises InvalidToken: when the pending login is over: expired, used, or after five wrong codes.
    :raises WrongSecondFactor: when the code does not fit or was used before.
    :raises TooManyRequests: after five wrong codes in five minutes, over all pending logins of the account.
    """
    user, by = token.user, by.as_user(token.user)
    count_try(LIMIT, str(user.pk), by=by)
    if not user.is_active or not PendingLogin.objects.reserve_try(token.pk):
        raise InvalidToken
    with transaction.atomic():
        # The account's row first, as everywhere: a new password at this moment ends the pending login, or waits for it.
        if not User.objects.select_for_update(no_key=True).filter(pk=user.pk, is_active=True).exists():
            raise InvalidToken
        fits = spend_code(user, code)
        if fits and not PendingLogin.objects.spend(token.pk):
            raise InvalidToken  # and the code stays unspent, for the transaction is rolled back
        session = finish_login(user, by=by) if fits else None
    if session is None:
        record_failure(user, by=by)
        raise WrongSecondFactor
    throttling.forget(LIMIT, str(user.pk))
    return session


def spend_code(user: User, code: str) -> bool:
    """Use up a TOTP code or a backup code; false when it does not fit or was used before.

    Six digits are a TOTP code, anything else a backup code, so that one input is never two guesses.
    """
    code = re.sub(r"[\s-]", "", code).lower()
    return _spend_totp(user, code) if re.fullmatch(r"[0-9]{6}", code) else _spend_backup_code(user, code)


def _spend_totp(user: User, code: str) -> bool:
    stored = User.objects.get(pk=user.pk)
    if not stored.totp_enabled:
        return False
    step = _step_of(decrypt(stored.totp_secret), code)
    spendable = User.objects.filter(pk=user.pk, totp_enabled=True, totp_last_step__lt=step or 0)
    return step is not None and bool(spendable.update(totp_last_step=step))


def _spend_backup_code(user: User, code: str) -> bool:
    unused = user.backup_codes.unused().filter(digest=digest_backup_code(user, code))
    return bool(unused.update(used_at=timezone.now()))


def digest_backup_code(user: User, code: str) -> str:
    """Return what is stored of a backup code: without SECRET_KEY nobody can even test a guess against it."""
    return keyed_digest(f"{user.pk}:{code}", "backup code")


def _step_of(secret: str, code: str) -> int | None:
    """Return the 30-second step that `code` belongs to, one step to either side being allowed for slow clocks."""
    try:
        return pyotp.TOTP(secret).verify_and_get_timecode(code, valid_window=1)
    except OTPVerificationError:
        return None


def record_failure(user: User, *, by: Actor) -> None:
    """Record a code that does not fit, in a transaction of its own, so that it stays recorded."""
    LOGINS.labels(LoginAttempt.Outcome.WRONG_SECOND_FACTOR).inc()
    with transaction.atomic():
        if held_unless_gone(user) is None:
            return
        LoginAttempt.objects.create(
            email=user.email_canonical[:254],
            user=user,
            outcome=LoginAttempt.Outcome.WRONG_SECOND_FACTOR,
            ip_address=by.ip_address,
            user_agent=by.user_agent,
        )
        record("login", "auth.2fa.failed", by=by.as_user(user), on=user, outcome="failure")
