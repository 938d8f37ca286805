"""Writing the audit log."""

from django.db.models import Model
from django.http import HttpRequest
from rest_framework.request import Request

from audit.actor import Actor
from audit.details import tell_apart, without_addresses
from audit.jobs import seal_in_a_while
from audit.models import AuditLog
from titanobova.logging import log_security_event
from titanobova.prepared import insert_together

# Facts that also get their one line in logs/security.log.
SECURITY_EVENTS = frozenset(
    {
        "auth.login.failed",
        "auth.account.locked",
        "auth.2fa.enabled",
        "auth.2fa.disabled",
        "auth.2fa.codes_replaced",
        "auth.2fa.failed",
        "auth.session.reused",
        "access.denied",
        "rate_limit.exceeded",
        "payments.webhook.bad_signature",
        "mail.webhook.bad_signature",
    }
)


def record(
    action: str,
    event: str,
    *,
    by: Actor,
    on: Model | None = None,
    details: dict[str, object] | None = None,
    outcome: str = AuditLog.Outcome.SUCCESS,
) -> AuditLog:
    """Write one fact, in the caller's transaction: it stands exactly when the change stands.

    `action` is one of the guide's five, `event` the finer fact (`auth.login.failed`). A failure is recorded outside
    the transaction that it rolls back. Secrets are cut out of `details`, which hold 4 KiB at most.
    """
    written = fact(action, event, by=by, on=on, details=details, outcome=outcome)
    insert_together(written)
    return written


def fact(
    action: str,
    event: str,
    *,
    by: Actor,
    on: Model | None = None,
    details: dict[str, object] | None = None,
    outcome: str = AuditLog.Outcome.SUCCESS,
) -> AuditLog:
    """Return what `record` would write, for a caller who writes it together with other rows."""
    log_fact(event, by=by)
    return unlogged_fact(action, event, by=by, on=on, details=details, outcome=outcome)


def log_fact(event: str, *, by: Actor) -> None:
    """Write the one line in logs/security.log, if it is a fact that has one."""
    if event in SECURITY_EVENTS:
        log_security_event(
            event, user_id=by.user and by.user.pk, ip_address=by.ip_address, audit_request_id=by.request_id
        )


def unlogged_fact(
    action: str,
    event: str,
    *,
    by: Actor,
    on: Model | None = None,
    details: dict[str, object] | None = None,
    outcome: str = AuditLog.Outcome.SUCCESS,
) -> AuditLog:
    """Return what `record` would write, for a caller who has logged the fact already."""
    seal_in_a_while()
    kept, personal = tell_apart(event, by.system, details or {})
    return AuditLog(
        user=by.user,
        action=action,
        resource_type=on._meta.label_lower if on else "",
        resource_id=str(on.pk) if on else "",
        outcome=outcome,
        ip_address=by.ip_address,
        user_agent=by.user_agent,
        request_id=by.request_id,
        details=kept,
        personal=personal,
    )


def record_refusal(request: HttpRequest | Request, event: str, details: dict[str, object]) -> None:
    """Write a refusal that no service decided: a denied permission, a rate limit.

    The settings name this function (SECURITY_EVENT_RECORDER), for the error handler must not import an app.
    """
    action = {"POST": "create", "DELETE": "delete"}.get(request.method or "", "update")
    facts = {"method": request.method, "path": without_addresses(request.path)[:200], **details}
    record(action, event, by=Actor.from_request(request), details=facts, outcome=AuditLog.Outcome.FAILURE)
