"""The control API under /_sandbox/: JSON in, JSON out, for tests in another process."""

import json
from collections.abc import Callable
from dataclasses import asdict

from examples.stripe_sandbox.answers import Answer, Json
from examples.stripe_sandbox.api import StripeApi

PREFIX = "/_sandbox/"


def _reset(api: StripeApi, _: Json) -> Json:
    api.reset()
    return {"reset": True}


def _set_webhook(api: StripeApi, body: Json) -> Json:
    api.set_webhook(**body)
    return {"url": body["url"]}


def _fail_next(api: StripeApi, body: Json) -> Json:
    api.fail_next(**body)
    return {"queued": body}


def _list_requests(api: StripeApi, _: Json) -> Json:
    return {"requests": [asdict(request) for request in list(api.requests)]}


_ROUTES: dict[tuple[str, str], Callable[[StripeApi, Json], Json]] = {
    ("POST", "reset"): _reset,
    ("POST", "webhook"): _set_webhook,
    ("POST", "faults"): _fail_next,
    ("GET", "requests"): _list_requests,
}


def control(api: StripeApi, method: str, path: str, content_type: str, body: bytes) -> Answer:
    """Carry out a command.

    A web page open on this machine could post here too, but not with the type `application/json`: browsers
    first ask for that, and the sandbox never agrees.
    """
    command = _ROUTES.get((method, path.removeprefix(PREFIX)))
    if command is None:
        return Answer.of({"error": f"no such command: {method} {path}"}, 404)
    if method == "POST" and content_type.partition(";")[0].strip() != "application/json":
        return Answer.of({"error": "send application/json"}, 415)
    try:
        return Answer.of(command(api, dict(json.loads(body or b"{}"))))
    except (TypeError, ValueError) as refused:
        return Answer.of({"error": str(refused)}, 400)
