"""The API behind the HTTP: who may call, which endpoint, and once for each idempotency key."""

import base64
import re
import secrets
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

from examples.stripe_sandbox import events, intents, listing, refunds
from examples.stripe_sandbox.answers import Answer, ApiError, Json
from examples.stripe_sandbox.charges import Charges
from examples.stripe_sandbox.disputes import Disputes
from examples.stripe_sandbox.faults import Fault, Faults, How
from examples.stripe_sandbox.idempotency import IdempotencyKeys
from examples.stripe_sandbox.intents import PaymentIntents
from examples.stripe_sandbox.refunds import Refunds
from examples.stripe_sandbox.webhooks import Endpoint, Webhooks

DEFAULT_KEY = "sk_test_sandbox"
# What `requests` remembers: no card data, which no endpoint knows, and no address.
KEPT_PARAMS = frozenset().union(
    intents.CREATE_PARAMS, intents.CANCEL_PARAMS, refunds.CREATE_PARAMS, listing.LIST_PARAMS, events.FILTERS
) - {"shipping"}


@dataclass(frozen=True)
class Request:
    """A request as the endpoints see it, and as the sandbox remembers it."""

    method: str
    path: str
    params: Json
    api_key: str
    idempotency_key: str | None
    request_id: str

    @property
    def cause(self) -> Json:
        """What an event tells of the request that caused it."""
        return {"id": self.request_id, "idempotency_key": self.idempotency_key}

    @property
    def order(self) -> tuple[Json, Json]:
        """What an endpoint that changes something needs: the parameters and the cause of its events."""
        return self.params, self.cause


class StripeApi:
    """One account of the sandbox: its objects, events, keys, trouble and received requests.

    :raises ValueError: if the key does not begin with `sk_test_`
    """

    def __init__(self, key: str = DEFAULT_KEY, webhook_secret: str = "", retry_seconds: float = 0.0) -> None:
        if not key.startswith("sk_test_"):
            raise ValueError("the sandbox takes keys that begin with sk_test_; keep real ones away from it")
        self.key = key
        self.webhook_secret = webhook_secret or _new_secret()
        self.former_secrets: tuple[str, ...] = ()
        self.lock = threading.RLock()
        self.stopping = threading.Event()
        self.faults = Faults()
        self.webhooks = Webhooks(self.faults, retry_seconds)
        self.requests: list[Request] = []
        self._keys = IdempotencyKeys()
        self._begin()

    def reset(self) -> None:
        """Forget everything but the API key and the webhook endpoint."""
        with self.lock:
            self.faults.clear()
            self._keys.clear()
            self.webhooks.clear()
            self.requests.clear()
            self._begin()

    def set_webhook(self, url: str | None, secret: str = "") -> None:
        """Send events from now on to this address, or nowhere if it is None; no secret keeps the one in use.

        :raises ValueError: if the address is not plain http on this machine
        """
        if secret:
            self.webhook_secret, self.former_secrets = secret, ()
        self.webhooks.endpoint = Endpoint(str(url), str(self.webhook_secret), self.former_secrets) if url else None

    def roll_secret(self, secret: str = "") -> str:
        """Replace the webhook secret by this one or a new one and return it; the former sign too from now on.

        Stripe lets the old secret live for up to a day (https://docs.stripe.com/webhooks#roll-endpoint-secrets).
        """
        self.former_secrets = (self.webhook_secret, *self.former_secrets)
        self.webhook_secret = secret or _new_secret()
        self.set_webhook(self.webhooks.endpoint.url if self.webhooks.endpoint else None)
        return self.webhook_secret

    def fail_next(self, method: str, path: str, how: How, *, seconds: float = 0.0, times: int | None = 1) -> None:
        """Give trouble to the next requests with this method and path, or deliveries; `Fault` says which there is.

        :raises ValueError: for other trouble
        """
        self.faults.add(Fault(method, path, how, seconds, times))

    def remember(self, request: Request) -> None:
        """Keep a request: its API key masked, unknown parameters (card data among them) left out."""
        kept = {name: value for name, value in request.params.items() if name in KEPT_PARAMS}
        self.requests.append(replace(request, params=kept, api_key=_mask(request.api_key)))

    def respond(self, request: Request, fault: Fault) -> Answer:
        """Carry out a request and return Stripe's answer to it, or the refusal."""
        try:
            self._authenticate(request.api_key)
            run = self._route(request, fault)
            if request.method == "POST" and request.idempotency_key:
                return self._keys.once(request.idempotency_key, (request.path, request.params), run)
            return run()
        except ApiError as refused:
            return refused.answer()

    def _begin(self) -> None:
        """Begin with an account in which nothing has happened yet."""
        publish = self.webhooks.publish
        self.charges = Charges(publish)
        self.disputes = Disputes(publish, self.charges)
        self.intents = PaymentIntents(publish, self.charges, self.disputes)
        self.refunds = Refunds(publish, self.charges, self.intents, self.disputes)

    def _authenticate(self, api_key: str) -> None:
        if api_key == self.key:
            return
        message = f"Invalid API Key provided: {_mask(api_key)}"
        if not api_key:
            message = "You did not provide an API key. Send it as 'Authorization: Bearer YOUR_SECRET_KEY'."
        raise ApiError(401, "invalid_request_error", message)

    def _route(self, request: Request, fault: Fault) -> Callable[[], Answer]:
        if fault.how == "429":
            raise ApiError(429, "invalid_request_error", "Too many requests.", code="rate_limit")
        for method, pattern, endpoint in _ROUTES:
            found = re.fullmatch(pattern, request.path)
            if method == request.method and found:
                return lambda: self._run(endpoint, request, found[1], fault)
        message = f"Unrecognized request URL ({request.method}: {request.path})."
        raise ApiError(404, "invalid_request_error", message)

    def _run(self, endpoint: "_Endpoint", request: Request, object_id: str, fault: Fault) -> Answer:
        if fault.how == "delay":
            self.stopping.wait(fault.seconds)
        if fault.how == "500":
            raise ApiError(500, "api_error", "The sandbox was asked to fail this request.")
        with self.lock:
            try:
                return Answer.of(endpoint(self, request, object_id))
            except ApiError as refused:
                if refused.begun:
                    return refused.answer()
                raise


_Endpoint = Callable[[StripeApi, Request, str], Json]
_ROUTES: tuple[tuple[str, str, _Endpoint], ...] = (
    ("POST", "/v1/payment_intents()", lambda api, call, _: api.intents.create(*call.order)),
    ("GET", "/v1/payment_intents()", lambda api, call, _: api.intents.page(call.params)),
    ("GET", "/v1/payment_intents/([^/]+)", lambda api, _, pi: api.intents.retrieve(pi)),
    ("POST", "/v1/payment_intents/([^/]+)/cancel", lambda api, call, pi: api.intents.cancel(pi, *call.order)),
    ("POST", "/v1/payment_intents/([^/]+)/confirm", lambda api, call, pi: api.intents.confirm(pi, *call.order)),
    ("GET", "/v1/charges()", lambda api, call, _: api.charges.page(call.params)),
    ("GET", "/v1/charges/([^/]+)", lambda api, _, ch: api.charges.retrieve(ch)),
    ("POST", "/v1/refunds()", lambda api, call, _: api.refunds.create(*call.order)),
    ("GET", "/v1/refunds()", lambda api, call, _: api.refunds.page(call.params)),
    ("GET", "/v1/refunds/([^/]+)", lambda api, _, re: api.refunds.retrieve(re)),
    ("POST", "/v1/refunds/([^/]+)", lambda api, call, re: api.refunds.update(re, *call.order)),
    ("GET", "/v1/disputes()", lambda api, call, _: api.disputes.page(call.params)),
    ("GET", "/v1/disputes/([^/]+)", lambda api, _, dp: api.disputes.retrieve(dp)),
    ("GET", "/v1/events()", lambda api, call, _: api.webhooks.page(call.params)),
    ("GET", "/v1/events/([^/]+)", lambda api, _, evt: api.webhooks.retrieve(evt)),
)


def presented_key(authorization: str) -> str:
    """Return the API key of an Authorization header, Bearer or Basic (the user name), or ''."""
    scheme, _, rest = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip()
    if scheme.lower() == "basic":
        with suppress(ValueError):
            return base64.b64decode(rest).decode().partition(":")[0]
    return ""


def _mask(api_key: str) -> str:
    return f"{api_key[:8]}****{api_key[-4:]}" if len(api_key) > 12 else "*" * len(api_key)


def _new_secret() -> str:
    return f"whsec_{secrets.token_hex(16)}"
