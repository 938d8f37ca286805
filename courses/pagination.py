"""Pages of the catalogue and of what is in it."""

from typing import Any

from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination, PageNumberPagination
from rest_framework.request import Request

from titanobova.bounded import KnownPages
from titanobova.http import UNSTORABLE


class CataloguePages(PageNumberPagination):
    """Numbered pages with a count `{count, next, previous, results}`: the catalogue alone is small enough for them."""

    django_paginator_class = KnownPages
    page_size = 25
    page_size_query_param = "page_size"
    max_page_size = 100


class CategoryPages(CursorPagination):
    """Keyset pages `{next, previous, results}` from A to Z."""

    ordering = "category"
    page_size = max_page_size = 100
    page_size_query_param = "page_size"

    def decode_cursor(self, request: Request) -> Any:
        """Return where the page starts; a visitor can write any text into a cursor.

        :raises NotFound: for one that cannot be a category.
        """
        cursor = super().decode_cursor(request)
        if cursor is not None and UNSTORABLE.search(str(cursor.position or "")):
            raise NotFound(self.invalid_cursor_message)
        return cursor


class LessonPages(CursorPagination):
    """Keyset pages `{next, previous, results}` in the order of the course."""

    ordering = "position"
    page_size = 25
    max_page_size = 100
    page_size_query_param = "page_size"

    def decode_cursor(self, request: Request) -> Any:
        """Return where the page starts; a visitor can write any text into a cursor, and only a number is a place here.

        :raises NotFound: for a cursor that is none of ours.
        """
        cursor = super().decode_cursor(request)
        place = "0" if cursor is None or cursor.position is None else str(cursor.position)
        if not (place.isascii() and place.isdigit() and len(place) <= 5):
            raise NotFound(self.invalid_cursor_message)
        return cursor
