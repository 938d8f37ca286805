"""Files that are made while they leave."""

from collections.abc import Iterator

from django.http import StreamingHttpResponse
from django.utils import timezone

from contacts.services.exporting import FileFormat

CONTENT_TYPES = {FileFormat.CSV: "text/csv; charset=utf-8", FileFormat.JSONL: "application/x-ndjson"}


def download(pieces: Iterator[str], file_format: FileFormat) -> StreamingHttpResponse:
    """Return the answer that hands the pieces on one by one, as a file to keep, named after the day."""
    name = f"contacts-{timezone.now():%Y-%m-%d}.{file_format}"
    return StreamingHttpResponse(
        pieces,
        content_type=CONTENT_TYPES[file_format],
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
