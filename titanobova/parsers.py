"""Forms of a browser, bounded as JSON is."""

from collections.abc import Mapping
from typing import IO, Any, ClassVar

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser, FormParser, MultiPartParser

from titanobova.http import JSON_BYTES, PayloadTooLarge


class BoundedParser(BaseParser):
    """Refuse a body over `max_bytes` before it is read.

    The stock parsers read a form of any length into memory and files of any length to the disk. No server hands on
    more than Content-Length says, so a lie in that header makes the body shorter, never longer. A charset that is no
    text encoding (`rot13`) and thousands of fields, which the stock parsers let pass as a defect, are refused in words.
    """

    max_bytes: ClassVar[int] = JSON_BYTES

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Return the form's fields.

        :raises PayloadTooLarge: over `max_bytes`.
        :raises ParseError: for what is no such form.
        """
        announced = (parser_context or {})["request"].META.get("CONTENT_LENGTH") or 0
        if int(announced) > self.max_bytes:
            raise PayloadTooLarge
        try:
            return super().parse(stream, media_type, parser_context)
        except RequestDataTooBig:
            raise PayloadTooLarge from None
        except (SuspiciousOperation, LookupError, ValueError):
            raise ParseError("The body is not a form that can be read.") from None


class BoundedFormParser(BoundedParser, FormParser):
    """`application/x-www-form-urlencoded`."""


class BoundedMultiPartParser(BoundedParser, MultiPartParser):
    """`multipart/form-data`."""


class PictureFormParser(BoundedMultiPartParser):
    """`multipart/form-data` with a picture of at most 5 MiB in it."""

    max_bytes: ClassVar[int] = 6 * 1024 * 1024
