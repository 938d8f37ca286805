"""Asking other people's servers: one request, a few seconds, never a secret in what is said about it."""

import urllib.error
import urllib.request
from email.message import Message
from typing import NamedTuple

SECONDS = 2.5  # below PART_SECONDS, so that the reason is told rather than the silence


class Answer(NamedTuple):
    """Status, headers and the beginning of the body."""

    status: int
    headers: Message
    body: bytes


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect is an answer too: a key must not follow it to another host."""

    def redirect_request(self, *args: object, **kwargs: object) -> None:
        """Follow nowhere."""


_opener = urllib.request.build_opener(_NoRedirect)


def ask(url: str, *, headers: dict[str, str] | None = None, body: bytes | None = None) -> Answer:
    """Return the answer to a GET, or with a body to a POST, whatever its status.

    :raises OSError: when no answer comes.
    """
    request = urllib.request.Request(url, body, headers or {})  # noqa: S310 - the settings take http and https alone
    try:
        with _opener.open(request, timeout=SECONDS) as answer:
            return Answer(answer.status, answer.headers, answer.read(65_536))
    except urllib.error.HTTPError as refusal:
        with refusal:
            return Answer(refusal.code, refusal.headers, refusal.read(65_536))
