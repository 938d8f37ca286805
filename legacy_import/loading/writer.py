"""What the loader must know about one kind of rows: how they become objects of ours."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar, Generic, TypeVar

from django.db.models import CharField, Model

from legacy_import.aliases import Kind
from legacy_import.erased import erased_among
from legacy_import.loading.moments import is_another_moment
from legacy_import.loading.outcome import BatchCounts, LoadNote, RowRefusedError
from legacy_import.models import ImportedRecord, ImportRun
from legacy_import.rows import ImportOptions, Mapped
from users.identity import canonical_email

# For rows whose date the old database does not say: plainly no date of a website, and the same in every run.
UNKNOWN_INSTANT = datetime(1970, 1, 1, tzinfo=UTC)


M = TypeVar("M", bound=Model)


class Writer(ABC, Generic[M]):
    """One kind, for one batch.

    `columns` are the attributes that the import owns: it fills them, and changes them later when the old row changed
    and nobody here did. What else `values` gives is set once, at the beginning. `links` are those that stay empty as
    long as what they lead to is not here, and are filled by the first run that finds it.
    """

    kind: ClassVar[Kind]
    model: type[M]
    columns: ClassVar[tuple[str, ...]]
    links: ClassVar[tuple[str, ...]] = ()

    def __init__(self, run: ImportRun, options: ImportOptions, counts: BatchCounts) -> None:
        self.run, self.options, self.counts = run, options, counts

    @abstractmethod
    def look_up(self, rows: Sequence[Mapped]) -> None:
        """Fetch all that the rows refer to, by a number of queries that does not depend on them."""

    @abstractmethod
    def values(self, row: Mapped) -> dict[str, Any]:
        """Return the attributes of the object.

        :raises RowRefusedError: if the row refers to something that is not here
        """

    def twin(self, row: Mapped, values: dict[str, Any]) -> M | None:
        """Return the object that stands for the same thing already, or None.

        :raises RowRefusedError: if there is one that the row must not be merged into
        """
        return None

    def remember(self, instance: M) -> None:
        """Make an object known as a twin of later rows."""

    def merge(self, twin: M, values: dict[str, Any]) -> bool:
        """Let `twin` gain by another row, and say whether it did. It was not changed here."""
        return False

    def is_in_use(self, instance: M) -> bool:
        """Say whether the object has a life of its own here, so that no import may change it."""
        return False

    def reason_to_keep(self, instance: M) -> LoadNote:
        """Say why the object that somebody here changed stays as it is."""
        return LoadNote.LOCAL_CHANGE_KEPT

    def waits(self, row: Mapped, instance: M) -> bool:
        """Say whether the row names something that is not here yet, so that the next run has to look at it again."""
        return False

    def is_other_than(self, row: Mapped, instance: M) -> bool:
        """Say whether the row plainly is about somebody or something else than the object that came with its id."""
        return False

    def is_another(self, row: Mapped, instance: M, *, dates_move: bool) -> bool:
        """Say whether the old site has deleted what the object came of, and given its id to something new.

        Treated as a change, a stranger would get the account, with all that hangs on it. Where `dates_move` with every
        update, and where a date is not known, nothing tells.
        """
        made_at = row.fields["created_at"]
        was_made_at: datetime = instance.created_at  # type: ignore[attr-defined]  # all that is imported has it
        if dates_move or not isinstance(made_at, datetime) or was_made_at == UNKNOWN_INSTANT:
            return False
        return is_another_moment(made_at, was_made_at) and self.is_other_than(row, instance)

    def rename(self, record: ImportedRecord, before: str) -> None:
        """Let what hangs on the old id of a row hang on the record's own: the id `before` is something else's now."""

    def change(self, instance: M, values: dict[str, Any], *, is_shared: bool) -> None:
        """Set what the import owns; `is_shared` means that other rows were merged into it."""
        for name in self.columns:
            setattr(instance, name, values[name])

    def decided_elsewhere(self, row: Mapped, instance: M) -> set[str]:
        """Return the columns that something else than the row decides: another row, or what happened here since.

        They may differ from what the row would give today, and nothing is wrong.
        """
        return set()

    def follow_up(self, written: Sequence[tuple[ImportedRecord, M]]) -> None:
        """Write what hangs on the objects, which are stored by now.

        `written` are the rows of the batch that were not unchanged, as they are remembered, and what each became.
        """

    def instant(self, row: Mapped) -> datetime:
        """Return when the row was made; never now, so that a rerun gives the same."""
        created_at = row.fields["created_at"]
        if isinstance(created_at, datetime):
            return created_at
        self.counts.note(LoadNote.DATE_UNKNOWN, f"row {row.legacy_id}", on="created_at")
        return UNKNOWN_INSTANT

    def check_lengths(self, instance: M) -> None:
        """Refuse texts that the column cannot hold: PostgreSQL would, SQLite would not.

        :raises RowRefusedError: then
        """
        for field in self.model._meta.concrete_fields:
            text = getattr(instance, field.attname)
            if isinstance(field, CharField) and field.max_length and len(text) > field.max_length:
                raise RowRefusedError(f"{field.name} is {len(text)} characters long, at most {field.max_length} fit")


class AddressedWriter(Writer[M]):
    """Rows that bear an e-mail address of their own, by which their person is known."""

    def look_up_erased(self, rows: Sequence[Mapped]) -> None:
        """Fetch whose addresses belonged to people who were erased here."""
        self.erased = erased_among({canonical_email(str(row.fields["email"])) for row in rows})

    def refuse_erased(self, row: Mapped) -> None:
        """Keep a person out who was erased here.

        :raises RowRefusedError: then
        """
        if canonical_email(str(row.fields["email"])) in self.erased:
            raise RowRefusedError("the person with this e-mail address was erased here")

    def is_other_than(self, row: Mapped, instance: M) -> bool:
        return canonical_email(str(row.fields["email"])) != getattr(instance, "email_canonical", "")
