"""Forms of a browser, bounded as JSON is."""

from collections.abc import Mapping
from typing import IO, Any

from rest_framework.parsers import BaseParser, FormParser, MultiPartParser

from titanobova.http import JSON_BYTES, PayloadTooLarge


class BoundedParser(BaseParser):
    """Refuse a body over JSON_BYTES before it is read.

    The stock parsers read a form of any length into memory and files of any length to the disk. No server hands on
    more than Content-Length says, so a lie in that header makes the body shorter, never longer.
    """

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Return the form's fields.

        :raises PayloadTooLarge: over JSON_BYTES.
        """
        announced = (parser_context or {})["request"].META.get("CONTENT_LENGTH") or 0
        if int(announced) > JSON_BYTES:
            raise PayloadTooLarge
        return super().parse(stream, media_type, parser_context)


class BoundedFormParser(BoundedParser, FormParser):
    """`application/x-www-form-urlencoded`."""


class BoundedMultiPartParser(BoundedParser, MultiPartParser):
    """`multipart/form-data`."""
