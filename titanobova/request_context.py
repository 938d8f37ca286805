"""What every request passes first and last: its id, its line in the log, its figures, the headers of its limits."""

import logging
import secrets
import time
from typing import Any

from django.http import HttpRequest, HttpResponse

from titanobova import metrics
from titanobova.http import CHARSETS, LIMIT_HEADERS, SANE_REQUEST_ID, Handler, client_address
from titanobova.logging import current_request_id
from titanobova.queries import Tally, current_tally

logger = logging.getLogger("titanobova.requests")

NO_ROUTE = "(no such path)"


class RequestContextMiddleware:
    """Give each request an id, answer with it, and say in log and metrics what came of it."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer `request`; an incoming X-Request-ID counts only when it is short and plain."""
        claimed = request.headers.get("X-Request-ID", "")
        request_id = claimed if SANE_REQUEST_ID.fullmatch(claimed) else secrets.token_hex(16)
        request.META["titanobova.request_id"] = request_id
        if (request.encoding or "utf-8").lower() not in CHARSETS:
            request.encoding = "utf-8"  # idna and its like fail on what a query may hold
        tally = Tally()
        named, counted = current_request_id.set(request_id), current_tally.set(tally)
        started = time.perf_counter()
        try:
            response = self.get_response(request)
            _add_headers(request, response)
            _tell(request, response, tally, seconds=time.perf_counter() - started)
        finally:
            current_request_id.reset(named)
            current_tally.reset(counted)
        response["X-Request-ID"] = request_id
        return response


def _add_headers(request: HttpRequest, response: HttpResponse) -> None:
    verdict = request.META.get("titanobova.rate_limit")
    if verdict is not None:
        for name, number in zip(LIMIT_HEADERS, verdict, strict=True):
            response[name] = str(number)
    if request.path.startswith("/api/") and not response.has_header("Cache-Control"):
        response["Cache-Control"] = "no-store"


def _tell(request: HttpRequest, response: HttpResponse, tally: Tally, *, seconds: float) -> None:
    match = request.resolver_match
    # The route, not the path: a path may hold what a person typed by mistake, a token of a mailed link for example.
    path = f"/{match.route}" if match else NO_ROUTE
    try:
        metrics.note_request(request.method, path, response.status_code, seconds, tally)
    except (OSError, ValueError):  # a full disk, a folder that is gone: the request was answered all the same
        logger.exception("A request was not counted.")
    logger.info(
        "%s %s %s",
        request.method,
        path,
        response.status_code,
        extra={
            "method": request.method,
            "path": path,
            "status": response.status_code,
            "duration_ms": round(seconds * 1000, 1),
            "queries": tally.count,
            "database_ms": round(tally.seconds * 1000, 1),
            "user_id": request.META.get("titanobova.user_id") or _user_of_admin(request),
            "session_id": request.META.get("titanobova.session_id"),
            "ip_address": client_address(request),
        },
    )


def _user_of_admin(request: HttpRequest) -> str | None:
    """Return who is logged in to the admin, when the request has found out; a log line asks no database."""
    found: Any = getattr(request, "_cached_user", None)  # where django.contrib.auth keeps it
    return str(found.pk) if found is not None and found.pk else None
