"""Pages of lists."""

from rest_framework.pagination import CursorPagination


class NewestFirst(CursorPagination):
    """Keyset pages `{next, previous, results}`, newest first: no count, no offset, the same cost on every page."""

    ordering = "-id"  # ids are time-ordered
    page_size = 25
    page_size_query_param = "page_size"
    max_page_size = 100
