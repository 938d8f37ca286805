"""Pages of lists."""

from typing import Any
from uuid import UUID

from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request


class NewestFirst(CursorPagination):
    """Keyset pages `{next, previous, results}`, newest first: no count, no offset, the same cost on every page."""

    ordering = "-id"  # ids are time-ordered
    page_size = 25
    page_size_query_param = "page_size"
    max_page_size = 100

    def decode_cursor(self, request: Request) -> Any:
        """Return where the page starts; a visitor can write any text into a cursor, and only an id is a place here.

        :raises NotFound: for a cursor that is none of ours.
        """
        cursor = super().decode_cursor(request)
        if cursor is not None and cursor.position is not None:
            try:
                UUID(str(cursor.position))
            except ValueError:
                raise NotFound(self.invalid_cursor_message) from None
        return cursor
