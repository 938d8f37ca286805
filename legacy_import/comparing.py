"""Compares every row of both sides, and stores nothing.

Each row of the old database is read and mapped afresh, as an import would. What the import would make of it now is
compared with what is stored here now, field by field (judging.py). The checksums that are remembered of each row say on
which side something changed since: that of the row as it was read, and that of what the import stored.

Memory holds one batch, and a bit for each remembered row: so rows that are gone from the old database are found.
"""

from contextlib import ExitStack

from django.db import reset_queries

from legacy_import.aliases import TableLayout
from legacy_import.differences import Compared, Comparison, How
from legacy_import.exclusive import only_import, patient_database
from legacy_import.judging import Judge
from legacy_import.loading import WRITERS
from legacy_import.noting import Each, Missing, Notes
from legacy_import.pipeline import Order, chosen_tables, survey
from legacy_import.reading import chunks_of
from legacy_import.report import TableReport
from legacy_import.source import Source, SourceError, open_source

AT_ONCE = 1_000  # rows


class ComparisonStoppedError(Exception):
    """The old database could not be read to its end; one line."""


def verify(order: Order, each: Each = lambda _: None) -> Comparison:
    """Compare, and tell `each` of every difference.

    :raises SourceError: if the old database cannot be opened
    :raises ComparisonStoppedError: if it could not be read to its end
    :raises AnotherImportRunsError: if somebody imports at this moment
    """
    layout, _ = survey(order)
    chosen = chosen_tables(order, layout)
    found = Comparison({kind: Compared(kind) for kind, _ in chosen})
    missing = Missing()
    with ExitStack() as stack:
        stack.enter_context(only_import())
        stack.enter_context(patient_database())
        source = stack.enter_context(open_source(order.connection, timezone=order.options.timezone))
        for kind, table in chosen:
            notes = Notes(found.kinds[kind], missing, each)
            try:
                _compare(source, table, order, notes)
            except SourceError as error:
                raise ComparisonStoppedError(str(error)) from error
            notes.compared.known = notes.seen.records().count()
            if order.limit is None:
                _name_what_is_gone(notes)
    return found


def _compare(source: Source, table: TableLayout, order: Order, notes: Notes) -> None:
    """Judge all rows of a table."""
    judge = Judge(table, order, notes)
    count = source.count(table.table)
    notes.compared.in_source = count if order.limit is None else min(count, order.limit)
    counted = TableReport(notes.kind, table.table, [], in_source=notes.compared.in_source)
    for chunk in chunks_of(source, table, AT_ONCE, order.limit):
        judge.look_at(chunk.rows())
        counted.read += len(chunk.values)
        order.progress(counted)
        reset_queries()  # with DEBUG, Django would keep the text of the last 9,000 statements


def _name_what_is_gone(notes: Notes) -> None:
    """Name what is here and remembered, and no longer in the old database."""
    objects = WRITERS[notes.kind].model._default_manager
    for part in notes.seen.unseen():
        here = objects.filter(pk__in=[one.object_id for one in part])
        ids = set(here.values_list("pk", flat=True))
        for one in part:
            if one.object_id in ids:
                notes.differ(one.legacy_id, How.GONE)
