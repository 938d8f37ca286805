"""How the admin lists and searches tables that may have millions of rows."""

import re
from collections.abc import Iterator, Sequence
from functools import reduce
from operator import or_
from typing import Any

from django.contrib import messages
from django.contrib.admin import AllValuesFieldListFilter, ShowFacets
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import SEARCH_VAR
from django.core.exceptions import ValidationError
from django.db import DataError
from django.db.models import Q, QuerySet
from django.forms import BooleanField
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from unfold.admin import ModelAdmin
from unfold.views import ChangeList

from titanobova.bounded import BoundedPages, FoundPages, found_first, values_in_use
from titanobova.http import UNSTORABLE
from titanobova.search import MatchesWords

SECRET = re.compile("password|secret|digest|token")  # in the name of a column
MOST_RELATED = 200  # rows of a related table whose own rows a search looks for
BY_KEY = ("", "__exact", "__in")  # how an address may choose rows that no filter of the page chooses
NOT_ALL_FOUND = "titanobova.not_all_found"  # says in the request why its search lacks rows


class BoundedChangeList(ChangeList):
    """A list that is ordered by no column without an index, and whose pages are chosen by their keys."""

    def get_filters(self, request: HttpRequest) -> Any:
        """Return what the page's filters and the address ask for, which beside the filters may be keys alone.

        Django filters by any column in any way. Most are slow in a long table, and a regular expression can keep the
        database busy for as long as whoever wrote it likes.

        :raises IncorrectLookupParameters: for anything else.
        """
        filters = super().get_filters(request)
        keys = {f"{name}{lookup}" for name in ("pk", self.lookup_opts.pk.name) for lookup in BY_KEY}
        dates = {f"{self.date_hierarchy}__{bound}" for bound in ("gte", "lt")}
        if not keys.union(dates).issuperset(filters[2]):
            raise IncorrectLookupParameters
        return filters

    def get_ordering_field(self, field_name: Any) -> Any:
        """Return what a column is ordered by: nothing, however it is asked for, unless the page offers it."""
        return super().get_ordering_field(field_name) if field_name in self.sortable_by else None

    def get_results(self, request: HttpRequest) -> None:
        """Find the rows of the page; the only page of a list is one too, where Django would take the whole list."""
        super().get_results(request)
        if not self.multi_page:
            self.result_list = self.paginator.page(1).object_list


class ValuesInUse(AllValuesFieldListFilter):
    """Filter by the values that an indexed column has."""

    def __init__(self, field: Any, request: HttpRequest, params: Any, model: Any, *args: Any, **names: Any) -> None:
        super().__init__(field, request, params, model, *args, **names)
        values: Any = values_in_use(model, field.column)
        self.lookup_choices = values


class LongListAdmin(ModelAdmin):
    """A table of any size: ordered by the columns of `sortable_by` alone, counted up to a bound, searched by indexes.

    A search field is a column with an index of words (`searches_words`, titanobova/search.py), `=column` or
    `column__lookup` with an index of its own, or `relation__column`: then those rows are found that belong to what the
    relation's own page finds. A table with columns of words but without that index is searched as Django does, row by
    row.
    """

    list_per_page = list_max_show_all = 25
    show_full_result_count = False
    show_facets = ShowFacets.NEVER  # they count every row
    paginator = BoundedPages
    sortable_by: Sequence[str] = ()
    searches_words = False

    def get_paginator(self, request: HttpRequest, *args: Any, **options: Any) -> BoundedPages:
        """Return the pages of a list, or those of a search in it or of what a field offers."""
        is_search = request.GET.get(SEARCH_VAR) or request.GET.get("term")
        return (FoundPages if is_search else self.paginator)(*args, **options)

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """Refuse to filter by a secret: whoever may see the list could find a hash out, sign by sign."""
        allowed: bool = super().lookup_allowed(lookup, value, request)
        return allowed and SECRET.search(lookup) is None

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Return the class of the list."""
        return BoundedChangeList

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Return the list.

        :raises IncorrectLookupParameters: where the database cannot hold what a column is asked for.
        """
        try:
            return super().get_changelist_instance(request)
        except (DataError, OverflowError) as error:
            raise IncorrectLookupParameters from error

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Return the row of a key, or None where no row can have it."""
        return None if UNSTORABLE.search(object_id) else super().get_object(request, object_id, from_field)

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[Any]", search_term: str
    ) -> "tuple[QuerySet[Any], bool]":
        """Return the rows found, and whether one may be among them twice."""
        fields, term = self.get_search_fields(request), search_term.strip()
        has_words = any("=" not in field and "__" not in field for field in fields)
        if not term or not fields or (has_words and not self.searches_words):
            found: tuple[QuerySet[Any], bool] = super().get_search_results(request, queryset, search_term)
            return found
        words = [Q(MatchesWords(term))] if has_words else []
        return queryset.filter(reduce(or_, [*words, *self._conditions(request, fields, term)])), False

    def response_action(self, request: HttpRequest, queryset: "QuerySet[Any]") -> HttpResponseBase | None:
        """Carry an action out; one on all rows found is refused where the search did not find all that fit.

        A file that lacks rows, or a change that misses some, looks like a whole one to whoever asked for it.
        """
        if refusal := self._why_not(request):
            self.message_user(request, f"Nothing was done{refusal}", messages.ERROR)
            return None
        answer: HttpResponseBase | None = super().response_action(request, queryset)
        return answer

    def _why_not(self, request: HttpRequest) -> str:
        """Return why an action is refused, or nothing; what is ticked counts unless it is for all rows found."""
        if is_for_all_found(request):
            reason = request.META.get(NOT_ALL_FOUND)
            return f", for it would not have been all of them. {reason}" if reason else ""
        are_keys = all(map(self._is_key, request.POST.getlist(ACTION_CHECKBOX_NAME)))
        return "" if are_keys else ": no row has one of these keys."

    def _conditions(self, request: HttpRequest, fields: Sequence[str], term: str) -> Iterator[Q]:
        lookups = [field.removeprefix("=") for field in fields if "=" in field or "__" in field]
        for name, lookup in {lookup.partition("__")[0]: lookup for lookup in lookups}.items():
            column = self.opts.get_field(name)
            yield self._belonging(request, column, term) if column.is_relation else self.equal(column, lookup, term)

    def equal(self, column: Any, lookup: str, term: str) -> Q:
        """Return which rows have the term in a column; a page whose index begins with another column says how."""
        try:
            return Q(**{lookup: column.clean(term, None)})
        except ValidationError:
            return Q(pk__in=[])  # the column can hold nothing like it

    def _is_key(self, text: str) -> bool:
        try:
            self.opts.pk.clean(text, None)
        except ValidationError:
            return False
        return UNSTORABLE.search(text) is None

    def _belonging(self, request: HttpRequest, relation: Any, term: str) -> Q:
        """Return which rows belong to those that the relation's own page finds, as far as MOST_RELATED of them."""
        related = relation.related_model
        page = self.admin_site.get_model_admin(related)
        found, _ = page.get_search_results(request, related._default_manager.all(), term)
        keys = list(found_first(found).order_by().values_list("pk", flat=True)[: MOST_RELATED + 1])
        if len(keys) > MOST_RELATED:
            text = f"These words fit more than {MOST_RELATED} {related._meta.verbose_name_plural}: add one."
            request.META[NOT_ALL_FOUND] = text
            if request.method == "GET":
                self.message_user(request, text, messages.WARNING, fail_silently=True)
        return Q(**{f"{relation.name}__in": keys[:MOST_RELATED]})


def is_for_all_found(request: HttpRequest) -> bool:
    """Whether an action is for all rows of the list, as Django's form reads it, and not for the ticked ones."""
    return bool(BooleanField(required=False).clean(request.POST.get("select_across")))
