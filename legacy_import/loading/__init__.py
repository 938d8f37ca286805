"""The writing half: rows as they were read into our tables, idempotent by what is remembered of each."""

from collections.abc import Sequence

from legacy_import.aliases import Kind
from legacy_import.loading import batches
from legacy_import.loading.loader import WRITERS, Loaded, Loader
from legacy_import.loading.outcome import BatchCounts, Coercion, LoadNote, Merge, Refused
from legacy_import.loading.writer import UNKNOWN_INSTANT
from legacy_import.models import ImportRun
from legacy_import.rows import ImportOptions, Mapped

__all__ = [
    "UNKNOWN_INSTANT",
    "WRITERS",
    "BatchCounts",
    "Coercion",
    "LoadNote",
    "Loaded",
    "Loader",
    "Merge",
    "Refused",
    "load_batch",
]


def load_batch(kind: Kind, rows: Sequence[Mapped], *, run: ImportRun, options: ImportOptions) -> BatchCounts:
    """Load rows of one kind by the long way and say what became of each (see batches.load_batch)."""
    return batches.load_batch(WRITERS[kind], rows, run=run, options=options)
