"""Pages of the catalogue."""

from rest_framework.pagination import PageNumberPagination


class CataloguePages(PageNumberPagination):
    """Numbered pages with a count `{count, next, previous, results}`: the catalogue alone is small enough for them."""

    page_size = 25
    page_size_query_param = "page_size"
    max_page_size = 100
