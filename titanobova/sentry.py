"""Reports of defects to Sentry, when SENTRY_DSN names one; without it nothing leaves and nothing is loaded."""

import re
from typing import Any

from titanobova.logging import current_request_id, redact

# Where a text may quote what a person sent: PostgreSQL names the values of a row that it refuses, for example.
WITH_TEXT = ("exception", "logentry", "message", "threads")
PERSONAL = re.compile(
    r"(?P<detail>\bDETAIL:|Failing row contains).*"
    r"|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
    r"|\b\d{1,3}(?:\.\d{1,3}){3}\b|(?<![\w:])(?:[0-9a-fA-F]{0,4}:){3,7}[0-9a-fA-F]{1,4}(?![\w:])"
)


def start(dsn: str, *, environment: str, release: str) -> None:
    """Report unhandled errors and logged ones, without personal data, bodies, headers or local variables."""
    import sentry_sdk  # noqa: PLC0415 - 0.7 seconds, for those who use it

    sentry_sdk.init(
        dsn=dsn,
        environment=environment,
        release=release,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        traces_sample_rate=0.0,
        auto_session_tracking=False,
        before_send=scrub,
        before_breadcrumb=lambda crumb, hint: None,
    )


def scrub(event: Any, hint: Any) -> Any:
    """Return the event with the request's id and without anything about the person behind it.

    Which place failed is in `transaction`, the route; the address that was asked for may hold what a person typed.
    """
    event["tags"] = {**event.get("tags", {}), "request_id": current_request_id.get()}
    event["request"] = {"method": event.get("request", {}).get("method", "")}
    event.pop("user", None)
    event.pop("extra", None)
    for place in WITH_TEXT:
        if place in event:
            event[place] = _impersonal(event[place])
    return redact(event)


def _impersonal(value: Any) -> Any:
    """Return `value` without mail and network addresses, and without the rows that a database quotes."""
    if isinstance(value, str):
        return PERSONAL.sub(r"\g<detail>[hidden]", value)
    if isinstance(value, dict):
        return {name: _impersonal(inner) for name, inner in value.items()}
    return [_impersonal(inner) for inner in value] if isinstance(value, list | tuple) else value
