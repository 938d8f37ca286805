"""What became of a batch, and the words for it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from legacy_import.rows import Mapped


class LoadNote(StrEnum):
    """What the loader decided about a value or a row; the report counts these beside the mapper's notes."""

    ACCOUNT_IN_USE_KEPT = "account_in_use_kept"
    DATE_UNKNOWN = "date_unknown_set_to_1970"
    DELETED_HERE = "deleted_here_kept_so"
    ID_GIVEN_ANEW = "id_given_to_something_else_made_new"
    LOCAL_CHANGE_KEPT = "local_change_kept"
    PAID_WITHOUT_ENROLLMENT = "paid_without_enrollment"
    PRICE_UNKNOWN_NOT_PUBLISHED = "price_unknown_not_published"
    PROGRESS_LEFT_OUT = "progress_left_out"
    REPEATED = "repeated_row"
    STAFF_GRANTED = "staff_granted"


class Coercion(NamedTuple):
    """One decision: the field ("" for the whole row), what was done, and whose row or which value it was."""

    field: str
    note: LoadNote
    sample: str


class Merge(NamedTuple):
    """An old row that became an object which was there already."""

    legacy_id: str
    object_id: UUID


class Refused(NamedTuple):
    """An old row that cannot be loaded, and why."""

    row: Mapped
    reason: str


class RowRefusedError(Exception):
    """The row cannot be loaded; the message says why."""


@dataclass
class BatchCounts:
    """What became of a batch: every row is in exactly one of the first five."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    merged: int = 0
    rejected: list[Refused] = field(default_factory=list)
    merges: list[Merge] = field(default_factory=list)
    coercions: list[Coercion] = field(default_factory=list)
    courses_created: list[str] = field(default_factory=list)
    hashed: int = 0
    hashing_seconds: float = 0

    def note(self, note: LoadNote, sample: str, *, on: str = "") -> None:
        """Remember one decision."""
        self.coercions.append(Coercion(on, note, sample))

    def refuse(self, row: Mapped, reason: str) -> None:
        """Count a row as rejected."""
        self.rejected.append(Refused(row, reason))

    @classmethod
    def sum(cls, parts: Iterable["BatchCounts"]) -> "BatchCounts":
        """Add up what became of the parts of a batch."""
        whole = cls()
        for part in parts:
            for name in cls.__dataclass_fields__:
                setattr(whole, name, getattr(whole, name) + getattr(part, name))
        return whole
