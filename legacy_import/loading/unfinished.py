"""Rows that name what is not here yet: they are remembered as if they had changed, so that each run looks at them.

What they name may come with a later run: somebody who registered at the old site meanwhile, a table that was left out,
a rejected row that was repaired.
"""

from legacy_import.models import ImportedRecord


def unfinished(checksum: int) -> int:
    """Return the checksum under which such a row is remembered: all bits of its own turned over."""
    return ~checksum


def is_unfinished(record: ImportedRecord, checksum: int) -> bool:
    """Say whether the row is as it was, and still named something then that was not here."""
    return record.checksum == unfinished(checksum)


def is_same_row(record: ImportedRecord, checksum: int) -> bool:
    """Say whether the row is as it was."""
    return record.checksum == checksum or is_unfinished(record, checksum)
