"""Files that are made while they leave, of any length, in constant memory."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.utils import timezone
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from titanobova.formats import FileFormat, csv_lines, json_lines

BATCH = 500  # rows
CONTENT_TYPES = {FileFormat.CSV: "text/csv; charset=utf-8", FileFormat.JSONL: "application/x-ndjson"}

FileRow = dict[str, Any]


class WhateverIsAccepted(DefaultContentNegotiation):
    """The address says what a file is written in, so `Accept: text/csv` is right and `Accept: */*` too."""

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """Return JSON, for refusals."""
        return renderers[0], renderers[0].media_type


def download(pieces: Iterator[str], name: str, file_format: FileFormat) -> StreamingHttpResponse:
    """Return the answer that hands the pieces on one by one, as a file to keep, named after the day."""
    file = f"{name}-{timezone.now():%Y-%m-%d}.{file_format}"
    return StreamingHttpResponse(
        pieces,
        content_type=CONTENT_TYPES[file_format],
        headers={"Content-Disposition": f'attachment; filename="{file}"'},
    )


def pieces_of(
    found: "QuerySet[Any]",
    columns: Sequence[str],
    file_format: FileFormat,
    *,
    shown: Callable[[FileRow], Mapping[str, Any]] = dict,
) -> Iterator[str]:
    """Yield the text of a file with the found rows, newest first.

    `columns`, the id among them, are read; `shown` makes a row of the file of them. The first line of a CSV names what
    it gives, so it gives the same names for every row.
    """
    is_csv = file_format == FileFormat.CSV
    if is_csv:
        yield csv_lines([list(shown(dict.fromkeys(columns)))])
    for batch in _batches(found, columns):
        rows = [shown(row) for row in batch]
        yield csv_lines(row.values() for row in rows) if is_csv else json_lines(rows)


def _batches(found: "QuerySet[Any]", columns: Sequence[str]) -> Iterator[list[FileRow]]:
    """Yield the rows, each batch by a short query of its own that starts after the last row of the one before.

    No transaction stays open while a client reads slowly, and a row that arrives meanwhile moves none.
    """
    ordered = found.order_by("-pk").values(*columns)
    batch = list(ordered[:BATCH])
    while batch:
        yield batch
        batch = list(ordered.filter(pk__lt=batch[-1]["id"])[:BATCH]) if len(batch) == BATCH else []
