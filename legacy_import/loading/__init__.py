"""The writing half: mapped rows into our tables, one transaction a batch, idempotent by what is remembered of each."""

from collections.abc import Sequence
from typing import Any

from legacy_import.aliases import Kind
from legacy_import.loading import batches
from legacy_import.loading.contacts import ContactWriter
from legacy_import.loading.enrollments import EnrollmentWriter, RegistrationWriter
from legacy_import.loading.outcome import BatchCounts, Coercion, LoadNote, Merge, Refused
from legacy_import.loading.users import UserWriter
from legacy_import.loading.writer import UNKNOWN_INSTANT, Writer
from legacy_import.models import ImportRun
from legacy_import.rows import ImportOptions, Mapped

__all__ = ["UNKNOWN_INSTANT", "WRITERS", "BatchCounts", "Coercion", "LoadNote", "Merge", "Refused", "load_batch"]

WRITERS: dict[Kind, type[Writer[Any]]] = {
    Kind.USERS: UserWriter,
    Kind.CONTACTS: ContactWriter,
    Kind.ENROLLMENTS: EnrollmentWriter,
    Kind.REGISTRATIONS: RegistrationWriter,
}


def load_batch(kind: Kind, rows: Sequence[Mapped], *, run: ImportRun, options: ImportOptions) -> BatchCounts:
    """Load rows of one kind and say what became of each (see batches.load_batch)."""
    return batches.load_batch(WRITERS[kind], rows, run=run, options=options)
