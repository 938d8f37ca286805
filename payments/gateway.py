"""The one door to Stripe: the only module that knows its library, and the only one that asks it anything."""

import logging
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

from django.conf import settings

from titanobova.errors import DomainError, FieldError

if TYPE_CHECKING:
    import stripe

logger = logging.getLogger("titanobova.payments")
Json = dict[str, Any]
Answer = TypeVar("Answer")

CONNECT_SECONDS, READ_SECONDS = 3, 8  # the library's own default holds a worker for about four minutes (measured)
RETRY_WITHIN = 1.0  # seconds; a slower failure is not tried again, so that 1 + 3 + 8 seconds is the longest call


class PaymentsNotConfigured(DomainError):
    """There is no key to ask Stripe with."""

    code, status = "payments_not_configured", 503
    message = "Payments are not set up here: STRIPE_SECRET_KEY is missing."


class GatewayUnavailable(DomainError):
    """Stripe did not answer, or not now. What it did is unknown; the same request may be sent again."""

    code, status = "payment_service_unavailable", 503
    message = "The payment service does not answer. Nothing was charged. Try again in a moment."

    def __init__(self) -> None:
        super().__init__(retry_after=5)


class GatewayFailed(GatewayUnavailable):
    """Stripe failed, and will repeat this very failure for the same idempotency key: only a new one can succeed.

    https://docs.stripe.com/api/idempotent_requests: the first answer is saved, "including 500 errors".
    """


class GatewayRefused(DomainError):
    """Stripe understood and said no, for a reason that is ours and not the buyer's."""

    code, status, message = "payment_refused", 502, "The payment service refused this payment."

    def __init__(self, reason: str = "") -> None:
        super().__init__()
        self.reason = reason  # Stripe's code, such as charge_already_refunded


class UnknownIntent(GatewayRefused):
    """This account has no such intent: its test data was deleted, or the key is another account's now."""


@dataclass(frozen=True)
class Intent:
    """A payment intent at Stripe. Whoever knows its client secret can pay it: it is for its buyer alone."""

    id: str
    status: str
    client_secret: str = field(repr=False)


def require_key() -> None:
    """Return if Stripe can be asked at all.

    :raises PaymentsNotConfigured: without STRIPE_SECRET_KEY.
    """
    if not settings.STRIPE_SECRET_KEY:
        raise PaymentsNotConfigured


def is_live() -> bool:
    """Whether our key moves real money: live keys are `sk_live_...`, restricted ones `rk_live_...`."""
    return str(settings.STRIPE_SECRET_KEY).startswith(("sk_live_", "rk_live_"))


def create_intent(
    *, amount_minor: int, currency: str, description: str, metadata: dict[str, str], idempotency_key: str
) -> Intent:
    """Make the intent of `idempotency_key`, or return the one that an earlier call with this key made.

    :raises PaymentsNotConfigured: without STRIPE_SECRET_KEY.
    :raises GatewayUnavailable: when the outcome is unknown; call again with the same key.
    :raises GatewayFailed: when only another key can succeed.
    :raises FieldError: when Stripe refuses the amount or the currency.
    :raises GatewayRefused: when it refuses anything else.
    """
    intent = ask(
        lambda client: client.v1.payment_intents.create(
            {
                "amount": amount_minor,
                "currency": currency,
                "description": description,
                "metadata": metadata,
                # The old site's client confirms a card in place; methods that leave the page have nowhere to return.
                "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
            },
            {"idempotency_key": idempotency_key},
        )
    )
    return Intent(intent.id, intent.status, intent.client_secret or "")


def fetch_intent(intent_id: str) -> Intent:
    """Return an intent as it is now at Stripe; one that Stripe does not know is as good as canceled.

    :raises DomainError: as `create_intent`.
    """
    try:
        intent = ask(lambda client: client.v1.payment_intents.retrieve(intent_id))
    except UnknownIntent:
        return Intent(intent_id, "canceled", "")
    return Intent(intent.id, intent.status, intent.client_secret or "")


def describe_intent(intent_id: str) -> Json:
    """Return all that Stripe says of an intent.

    :raises UnknownIntent: when it knows none.
    :raises DomainError: as `create_intent`.
    """
    return ask(lambda client: client.v1.payment_intents.retrieve(intent_id)).to_dict(for_json=True)


def cancel_intent(intent_id: str) -> None:
    """Make an intent one that nobody can pay any more.

    The key is new in each call: Stripe repeats its first answer to a key for a day, and one failure, or one refusal of
    an intent that was just being paid, must not stand in the way of every later try. Canceling twice does no harm.

    :raises UnknownIntent: when Stripe knows none.
    :raises GatewayRefused: when it is paid, being paid or canceled.
    :raises DomainError: as `create_intent`.
    """
    key = f"{intent_id}-cancel-{uuid4()}"
    ask(lambda client: client.v1.payment_intents.cancel(intent_id, {}, {"idempotency_key": key}))


def create_refund(*, intent_id: str, amount_minor: int, metadata: dict[str, str], idempotency_key: str) -> Json:
    """Make the refund of `idempotency_key`, or return the one that an earlier call with this key made.

    :raises FieldError: when there is less left than that.
    :raises DomainError: as `create_intent`.
    """
    refund = ask(
        lambda client: client.v1.refunds.create(
            {"payment_intent": intent_id, "amount": amount_minor, "metadata": metadata},
            {"idempotency_key": idempotency_key},
        )
    )
    return refund.to_dict(for_json=True)


def ask(call: "Callable[[stripe.StripeClient], Answer]") -> Answer:
    """Ask Stripe, a second time where the connection broke at once, with a client that lives for this call alone."""
    require_key()
    import stripe  # noqa: PLC0415 - it takes 0.7 seconds, which only a payment should cost

    stripe.enable_telemetry = False  # it would write an id below the home directory, where nothing can be written
    with closing(_connect()) as http:
        client = stripe.StripeClient(
            settings.STRIPE_SECRET_KEY,
            base_addresses={"api": settings.STRIPE_API_BASE.rstrip("/")},
            http_client=http,
            max_network_retries=0,  # the library would also repeat a request that has already waited READ_SECONDS
        )
        try:
            return _try_twice(lambda: call(client), stripe.APIConnectionError)
        except stripe.StripeError as error:
            raise _refusal(error) from error


def _connect() -> "stripe.HTTPClient":
    import stripe  # noqa: PLC0415 - as above

    return stripe.RequestsClient(timeout=(CONNECT_SECONDS, READ_SECONDS))


def _try_twice(call: Callable[[], Answer], broken: type[Exception]) -> Answer:
    started = time.monotonic()
    try:
        return call()
    except broken:
        if time.monotonic() - started > RETRY_WITHIN:
            raise
        return call()


def _refusal(error: "stripe.StripeError") -> DomainError:
    """Return what an error of the library means here.

    Statuses as of https://docs.stripe.com/api/errors. A key that Stripe does not take (401, 403) is ours to repair, so
    the buyer may come back; 409 is a request with the same key that still runs, 429 a limit.
    """
    status = error.http_status
    logger.warning("Stripe did not take a request: status %s, %s, %s", status, error.code, error.request_id)
    if status is None or status in {401, 403, 409, 429}:
        return GatewayUnavailable()
    if not 400 <= status < 500:
        return GatewayFailed()
    param = getattr(error, "param", None)
    if param in {"amount", "currency"}:
        return FieldError(param, str(error.user_message)[:200], error.code or "invalid")
    return (UnknownIntent if error.code == "resource_missing" else GatewayRefused)(error.code or "")
