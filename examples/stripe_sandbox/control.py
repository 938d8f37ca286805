"""The control API under /control/: JSON in, JSON out, for people with curl and tests in another process."""

import json
from collections.abc import Callable
from dataclasses import asdict

from examples.stripe_sandbox.answers import Answer, ApiError, Json
from examples.stripe_sandbox.world import StripeWorld

PREFIX = "/control/"


def _reset(world: StripeWorld, _: Json) -> Json:
    world.reset()
    return {"reset": True}


def _set_webhook(world: StripeWorld, body: Json) -> Json:
    world.set_webhook(**body)
    return {"url": body["url"]}


def _roll_secret(world: StripeWorld, body: Json) -> Json:
    return {"secret": world.roll_secret(**body)}


def _resend(world: StripeWorld, body: Json) -> Json:
    return world.webhooks.resend(**body)


def _fail_next(world: StripeWorld, body: Json) -> Json:
    world.fail_next(**body)
    return {"queued": body}


def _list_requests(world: StripeWorld, _: Json) -> Json:
    return {"requests": [asdict(request) for request in list(world.requests)]}


def _list_deliveries(world: StripeWorld, _: Json) -> Json:
    return {"deliveries": [asdict(delivery) for delivery in list(world.webhooks.deliveries)]}


# What is a method of the world takes its arguments as members of the body.
_ROUTES: dict[tuple[str, str], Callable[[StripeWorld, Json], Json]] = {
    ("POST", "pay"): lambda world, body: world.pay(**body),
    ("POST", "decline"): lambda world, body: world.decline(**body),
    ("POST", "process"): lambda world, body: world.process(**body),
    ("POST", "authenticate"): lambda world, body: world.authenticate(**body),
    ("POST", "refund"): lambda world, body: world.refund(**body),
    ("POST", "settle_refund"): lambda world, body: world.settle_refund(**body),
    ("POST", "dispute"): lambda world, body: world.dispute(**body),
    ("POST", "close_dispute"): lambda world, body: world.close_dispute(**body),
    ("POST", "resend"): _resend,
    ("POST", "reset"): _reset,
    ("POST", "webhook"): _set_webhook,
    ("POST", "roll_secret"): _roll_secret,
    ("POST", "faults"): _fail_next,
    ("GET", "requests"): _list_requests,
    ("GET", "deliveries"): _list_deliveries,
}


def control(world: StripeWorld, method: str, path: str, content_type: str, body: bytes) -> Answer:
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
        return Answer.of(command(world, dict(json.loads(body or b"{}"))))
    except ApiError as refused:
        return refused.answer()
    except (TypeError, ValueError) as refused:
        return Answer.of({"error": str(refused)}, 400)
