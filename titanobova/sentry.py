"""Reports of defects to Sentry, when SENTRY_DSN names one; without it nothing leaves and nothing is loaded."""

from typing import Any

from titanobova.logging import current_request_id, redact

# What an event may carry of a request: which place failed, not what a person sent.
KEPT_OF_REQUEST = ("url", "method")


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
        before_send=scrub,
        before_breadcrumb=lambda crumb, hint: None,
    )


def scrub(event: Any, hint: Any) -> Any:
    """Return the event with the request's id and without anything about the person behind it."""
    event["tags"] = {**event.get("tags", {}), "request_id": current_request_id.get()}
    request = event.get("request", {})
    event["request"] = {name: request[name].partition("?")[0] for name in KEPT_OF_REQUEST if name in request}
    event.pop("user", None)
    event.pop("extra", None)
    return redact(event)
