"""Services outside: Stripe, SendGrid or another mail server, Sentry."""

import base64
import json
import smtplib

from django.conf import settings

from titanobova.site.doctor.asking import SECONDS, Answer, ask
from titanobova.site.doctor.examining import Ailment

REFUSED = frozenset({401, 403})


def stripe() -> str:
    """Look whether Stripe knows our key, and whether its webhook could prove itself."""
    key = settings.STRIPE_SECRET_KEY
    if not key:
        return "not used: STRIPE_SECRET_KEY is not set, payments answer 503"
    basic = base64.b64encode(f"{key}:".encode()).decode()
    url = f"{settings.STRIPE_API_BASE}/v1/payment_intents?limit=1"
    answer = ask(url, headers={"Authorization": f"Basic {basic}"})
    if answer.status in REFUSED:
        raise Ailment(
            f"Stripe refuses the key (status {answer.status})",
            mend="set STRIPE_SECRET_KEY to a key of your dashboard that may read and write payment intents",
        )
    _must_be_well(answer, "Stripe", "STRIPE_API_BASE")
    if not settings.STRIPE_WEBHOOK_SECRETS:
        raise Ailment(
            "the key works, but STRIPE_WEBHOOK_SECRET is not set: paid courses stay closed",
            mend="make a webhook endpoint in Stripe's dashboard and set STRIPE_WEBHOOK_SECRET to its secret",
        )
    return "the key works; it is a live key" if "_live_" in key else "the key works; it is a test key, nobody pays"


def mail() -> str:
    """Look whether the mail service takes our mail."""
    if settings.SENDGRID_API_KEY:
        return _sendgrid()
    if settings.EMAIL_HOST:
        return _smtp()
    if settings.DEBUG:
        return "printed: neither SENDGRID_API_KEY nor EMAIL_HOST is set"
    raise Ailment(
        "mail is only printed: nobody gets any", mend="set SENDGRID_API_KEY, or EMAIL_HOST for an SMTP server"
    )


def _sendgrid() -> str:
    headers = {"Authorization": f"Bearer {settings.SENDGRID_API_KEY}"}
    answer = ask(f"{settings.SENDGRID_API_BASE}/v3/scopes", headers=headers)
    if answer.status in REFUSED:
        raise Ailment(
            f"SendGrid refuses the key (status {answer.status})",
            mend="set SENDGRID_API_KEY to a key of your account with the permission Mail Send",
        )
    _must_be_well(answer, "SendGrid", "SENDGRID_API_BASE")
    if "mail.send" not in _scopes(answer.body):
        raise Ailment("the key of SendGrid may not send mail", mend="give the key the permission Mail Send")
    return "SendGrid takes the key"


def _scopes(body: bytes) -> list[str]:
    try:
        told = json.loads(body)
    except ValueError:
        return []
    return list(told.get("scopes", [])) if isinstance(told, dict) else []


def _smtp() -> str:
    with smtplib.SMTP(settings.EMAIL_HOST, settings.EMAIL_PORT, timeout=SECONDS) as server:
        if settings.EMAIL_USE_TLS:
            server.starttls()
        if settings.EMAIL_HOST_USER:
            server.login(settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD)
        server.noop()
    return f"{settings.EMAIL_HOST} takes our login" if settings.EMAIL_HOST_USER else f"{settings.EMAIL_HOST} answers"


def sentry() -> str:
    """Look whether Sentry takes what the DSN sends; the envelope that is sent holds nothing."""
    if not settings.SENTRY_DSN:
        return "not used: SENTRY_DSN is not set"
    from sentry_sdk.utils import BadDsn, Dsn  # noqa: PLC0415 - loading it takes 0.7 s

    try:
        dsn = Dsn(settings.SENTRY_DSN)
    except BadDsn:
        raise Ailment("SENTRY_DSN is no DSN", mend="copy SENTRY_DSN from the project's page in Sentry") from None
    auth = dsn.to_auth("titanobova-doctor/1")
    headers = {"X-Sentry-Auth": auth.to_header(), "Content-Type": "application/x-sentry-envelope"}
    answer = ask(auth.get_api_url(), headers=headers, body=b"{}\n")
    if answer.status in REFUSED | {404}:
        raise Ailment(
            f"Sentry refuses the DSN (status {answer.status})",
            mend="copy SENTRY_DSN from the project's page in Sentry",
        )
    _must_be_well(answer, "Sentry", "SENTRY_DSN")
    return f"{dsn.host} takes the DSN"


def _must_be_well(answer: Answer, name: str, variable: str) -> None:
    if answer.status == 429 or 200 <= answer.status < 300:
        return
    raise Ailment(
        f"{name} answers with status {answer.status}",
        mend=f"look at {name}'s status page; if all is well there, {variable} leads elsewhere",
    )
