"""What the shared ground knows of HTTP: the client's address, the strict JSON parser, the policy of pages."""

import ipaddress
import json
import math
import re
from collections.abc import Callable, Mapping
from typing import IO, Any, Protocol

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser

Handler = Callable[[HttpRequest], HttpResponse]
SANE_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
CHARSETS = frozenset({"utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "latin-1", "windows-1252"})
LIMIT_HEADERS = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")
JSON_BYTES = 64 * 1024
JSON_DEPTH = 20


class Carrier(Protocol):
    """Django's request or DRF's: what the address is read from."""

    @property
    def META(self) -> dict[str, Any]: ...  # noqa: N802 - Django's name


class ContentSecurityPolicyMiddleware:
    """Answer every page with a policy that runs our own scripts alone.

    Stored text that an attacker smuggles into a page stays text: nothing inline and nothing from elsewhere runs. The
    admin's theme evaluates expressions in its templates (Alpine.js), so `unsafe-eval` is open under /admin/ only.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer `request` with the policy of its path."""
        response = self.get_response(request)
        scripts = "'self' 'unsafe-eval'" if request.path.startswith("/admin/") else "'self'"
        response.setdefault(
            "Content-Security-Policy",
            f"default-src 'self'; script-src {scripts}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
            "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'",
        )
        return response


def client_address(request: Carrier) -> str:
    """Return the client's IP address, believing exactly TRUSTED_PROXY_COUNT proxies.

    Each trusted proxy appends the address that it saw to X-Forwarded-For, so the client stands at that place counted
    from the right. What a client writes into the header itself stands further left and is never read: neither a
    throttle nor a lock nor the audit log can be led astray by it. Anything that is no address gives the peer's own.
    It is worked out once a request.
    """
    known: str | None = request.META.get("titanobova.client_address")
    if known is None:
        known = request.META["titanobova.client_address"] = _work_out_address(request)
    return known


def _work_out_address(request: Carrier) -> str:
    peer = str(request.META.get("REMOTE_ADDR", ""))
    trusted: int = settings.TRUSTED_PROXY_COUNT
    if trusted < 1:
        return _address(peer) or "0.0.0.0"  # noqa: S104 - an unknown peer (a unix socket), not a bind
    hops = str(request.META.get("HTTP_X_FORWARDED_FOR", "")).split(",")
    claimed = hops[-trusted] if len(hops) >= trusted else ""
    return _address(claimed) or _address(peer) or "0.0.0.0"  # noqa: S104 - as above


def _address(text: str) -> str | None:
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        parsed = ipaddress.ip_address(text.partition("%")[0])  # the zone of fe80::1%eth0 means nothing elsewhere
    except ValueError:
        return None
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return str(mapped or parsed)


class PayloadTooLarge(APIException):
    """The body is larger than this route accepts."""

    status_code = 413
    default_detail = "The request's body is too large."
    default_code = "payload_too_large"


class StrictJSONParser(BaseParser):
    """Read JSON that means one thing on every database and in every program.

    Refused with a 400: more than JSON_DEPTH levels (the stock parser dies of recursion), a member named twice (two
    programs read two values), NaN and Infinity, numbers of absurd length, NUL and lone surrogates anywhere (PostgreSQL
    cannot store them, SQLite stores them and every later read fails).
    """

    media_type = "application/json"
    max_bytes = JSON_BYTES

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Return the decoded body.

        :raises ParseError: for anything that is not such JSON.
        :raises PayloadTooLarge: over `max_bytes`.
        """
        body: bytes = stream.read(self.max_bytes + 1)
        if len(body) > self.max_bytes:
            raise PayloadTooLarge
        return parse_json(body)


def parse_json(body: bytes) -> Any:
    """Return what `body` says, by the rules of StrictJSONParser.

    :raises ParseError: naming what is wrong.
    """
    try:
        text = body.decode()
        _refuse_depth(text)
        decoded = json.loads(text, object_pairs_hook=_members, parse_constant=_no_constant, parse_int=_integer)
        _refuse_unstorable(decoded)
    except (ValueError, RecursionError) as error:
        raise ParseError(f"The body is not valid JSON: {_in_words(error)}.") from None
    return decoded


def _in_words(error: Exception) -> str:
    """Return why a body is refused; json's own words (`Expecting value`) tell only its authors what to mend."""
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8"
    if isinstance(error, json.JSONDecodeError):
        return f"look at line {error.lineno}, column {error.colno}" if error.doc.strip() else "it is empty"
    return "it is nested too deep" if isinstance(error, RecursionError) else str(error)


def _refuse_depth(text: str) -> None:
    """Measure the nesting of brackets outside strings, without recursion and in one pass.

    A string may lack its end: were it looked for, each of 32,000 quotes would send the search through the whole body
    (12 seconds for 64 KB when measured).
    """
    level = 0
    for bracket in re.sub(r'"(?:[^"\\]|\\.)*+"?', "", text, flags=re.DOTALL):
        if bracket in "[{":
            level += 1
            if level > JSON_DEPTH:
                raise ValueError(f"nested deeper than {JSON_DEPTH} levels")
        elif bracket in "]}":
            level -= 1


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member is named twice")
    return members


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


def _integer(digits: str) -> int:
    if len(digits) > 20:
        raise ValueError("a number is too long")
    return int(digits)


def _refuse_unstorable(value: Any) -> None:
    if isinstance(value, str) and UNSTORABLE.search(value):
        raise ValueError("a text holds a NUL or half a surrogate pair")
    if isinstance(value, float) and math.isinf(value):
        raise ValueError("a number is too large")
    inner = [*value, *value.values()] if isinstance(value, dict) else value
    for item in inner if isinstance(inner, list) else []:
        _refuse_unstorable(item)
