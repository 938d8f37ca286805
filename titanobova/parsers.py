"""Bodies that are not plain JSON, bounded as that is: forms of a browser, and events whose bytes are signed."""

import io
from collections.abc import Iterator, Mapping
from typing import IO, Any, ClassVar
from urllib.parse import unquote_to_bytes

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser, FormParser, MultiPartParser

from titanobova.http import JSON_BYTES, PayloadTooLarge

REPLACEMENT = "\ufffd"
UNREADABLE = "The body is not a form that can be read."
NOT_UTF8 = "The form holds text that is not UTF-8."


class BoundedParser(BaseParser):
    """Refuse a body over `max_bytes` before it is read.

    The stock parsers read a form of any length into memory and files of any length to the disk. No server hands on
    more than Content-Length says, so a lie in that header makes the body shorter, never longer. A charset that is no
    text encoding (`rot13`) and thousands of fields, which the stock parsers let pass as a defect, are refused in words.
    So is text that is not of the charset: the stock parsers would put U+FFFD where a letter was, and nobody would know.
    """

    max_bytes: ClassVar[int] = JSON_BYTES

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Return the form's fields.

        :raises PayloadTooLarge: over `max_bytes`.
        :raises ParseError: for what is no such form, or not text.
        """
        announced = (parser_context or {})["request"].META.get("CONTENT_LENGTH") or 0
        if int(announced) > self.max_bytes:
            raise PayloadTooLarge
        body = stream.read()
        try:
            form = super().parse(io.BytesIO(body), media_type, parser_context)
        except RequestDataTooBig:
            raise PayloadTooLarge from None
        except (SuspiciousOperation, LookupError, ValueError, ParseError):
            raise ParseError(UNREADABLE) from None
        if self.lost_letters(body, form, charset=(parser_context or {}).get("encoding") or "utf-8"):
            raise ParseError(NOT_UTF8)
        return form

    def lost_letters(self, body: bytes, form: Any, *, charset: str) -> bool:
        """Whether the form holds U+FFFD that nobody sent."""
        return sum(text.count(REPLACEMENT) for text in _texts(form)) > body.count(REPLACEMENT.encode())


def _texts(form: Any) -> Iterator[str]:
    fields = getattr(form, "data", form)  # a multipart form has its files beside them
    for name, values in fields.lists():
        yield name
        yield from values


class RawJSONParser(BaseParser):
    """Leave a JSON body as the bytes that came: a signature covers them, not what they mean."""

    media_type = "application/json"
    max_bytes: ClassVar[int] = 256 * 1024

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Return the bytes.

        :raises PayloadTooLarge: over `max_bytes`.
        """
        body: bytes = stream.read(self.max_bytes + 1)
        if len(body) > self.max_bytes:
            raise PayloadTooLarge
        return body


class BoundedFormParser(BoundedParser, FormParser):
    """`application/x-www-form-urlencoded`."""

    def lost_letters(self, body: bytes, form: Any, *, charset: str) -> bool:
        """Whether the bytes behind the percent signs are of another charset; the stock parser guesses then."""
        try:
            unquote_to_bytes(body).decode(charset)
        except UnicodeDecodeError:
            return True
        return False


class BoundedMultiPartParser(BoundedParser, MultiPartParser):
    """`multipart/form-data`."""


class PictureFormParser(BoundedMultiPartParser):
    """`multipart/form-data` with a picture of at most 5 MiB in it."""

    max_bytes: ClassVar[int] = 6 * 1024 * 1024
