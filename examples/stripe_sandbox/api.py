"""The API behind the HTTP: who may call, which endpoint, and once for each idempotency key."""

import base64
import re
import secrets
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

from examples.stripe_sandbox.answers import Answer, ApiError, Json
from examples.stripe_sandbox.faults import Fault, Faults, How
from examples.stripe_sandbox.idempotency import IdempotencyKeys
from examples.stripe_sandbox.intents import CANCEL_PARAMS, CONFIRM_PARAMS, CREATE_PARAMS, PaymentIntents
from examples.stripe_sandbox.listing import LIST_PARAMS, page
from examples.stripe_sandbox.webhooks import Endpoint, Webhooks

DEFAULT_KEY = "sk_test_sandbox"
KEPT_PARAMS = CREATE_PARAMS | CANCEL_PARAMS | CONFIRM_PARAMS | LIST_PARAMS | {"type"}


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


class StripeApi:
    """One account of the sandbox: its intents, events, keys, trouble and received requests.

    :raises ValueError: if the key does not begin with `sk_test_`
    """

    def __init__(self, key: str = DEFAULT_KEY, webhook_secret: str = "") -> None:
        if not key.startswith("sk_test_"):
            raise ValueError("the sandbox takes keys that begin with sk_test_; keep real ones away from it")
        self.key = key
        self.webhook_secret = webhook_secret or f"whsec_{secrets.token_hex(16)}"
        self.lock = threading.RLock()
        self.stopping = threading.Event()
        self.faults = Faults()
        self.webhooks = Webhooks()
        self.intents = PaymentIntents(self.webhooks.publish)
        self.requests: list[Request] = []
        self._keys = IdempotencyKeys()

    def reset(self) -> None:
        """Forget everything but the API key and the webhook endpoint."""
        with self.lock:
            self.faults.clear()
            self._keys.clear()
            self.intents.rows.clear()
            for remembered in (self.requests, self.webhooks.events, self.webhooks.deliveries):
                remembered.clear()

    def set_webhook(self, url: str | None, secret: str = "") -> None:
        """Send events from now on to this address, or nowhere if it is None; no secret keeps the one in use.

        :raises ValueError: if the address is not plain http on this machine
        """
        self.webhook_secret = secret or self.webhook_secret
        self.webhooks.endpoint = Endpoint(str(url), str(self.webhook_secret)) if url else None

    def fail_next(self, method: str, path: str, how: How, *, seconds: float = 0.0, times: int = 1) -> None:
        """Give trouble to the next requests with this method and path; `Fault` says which there is.

        :raises ValueError: for other trouble
        """
        self.faults.add(Fault(method, path, how, seconds, times))

    def page_of_intents(self, params: Json) -> Json:
        """Return a page of intents."""
        return page(list(self.intents.rows.values()), params, "/v1/payment_intents")

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

    def _run(self, endpoint: "_Endpoint", request: Request, intent_id: str, fault: Fault) -> Answer:
        if fault.how == "delay":
            self.stopping.wait(fault.seconds)
        if fault.how == "500":
            raise ApiError(500, "api_error", "The sandbox was asked to fail this request.")
        with self.lock:
            try:
                return Answer.of(endpoint(self, request, intent_id))
            except ApiError as refused:
                if refused.begun:
                    return refused.answer()
                raise


_Endpoint = Callable[[StripeApi, Request, str], Json]
_INTENT = "/v1/payment_intents/([^/]+)"
_ROUTES: tuple[tuple[str, str, _Endpoint], ...] = (
    ("POST", "/v1/payment_intents()", lambda api, call, _: api.intents.create(call.params, call.cause)),
    ("GET", "/v1/payment_intents()", lambda api, call, _: api.page_of_intents(call.params)),
    ("GET", _INTENT, lambda api, _, pi: api.intents.retrieve(pi)),
    ("POST", f"{_INTENT}/cancel", lambda api, call, pi: api.intents.cancel(pi, call.params, call.cause)),
    ("POST", f"{_INTENT}/confirm", lambda api, call, pi: api.intents.confirm(pi, call.params, call.cause)),
    ("GET", "/v1/events()", lambda api, call, _: api.webhooks.page(dict(call.params))),
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
