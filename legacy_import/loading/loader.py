"""What becomes of rows that were read: the usual ones go the short way, all others the long one, in their order."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from django.db import connection

from legacy_import.aliases import Kind, TableLayout
from legacy_import.loading import batches
from legacy_import.loading.catalogue import CourseWriter
from legacy_import.loading.contacts import ContactWriter
from legacy_import.loading.enrollments import EnrollmentWriter, RegistrationWriter
from legacy_import.loading.express import EXPRESS, Express, Taken
from legacy_import.loading.ids import NumberedIds
from legacy_import.loading.outcome import BatchCounts
from legacy_import.loading.payments import PaymentWriter
from legacy_import.loading.target import as_array, fetch, listed
from legacy_import.loading.users import UserWriter
from legacy_import.loading.writer import Writer
from legacy_import.mapping import MAPPERS
from legacy_import.messages import Batch, OtherRow, Question, Raw
from legacy_import.models import ImportedRecord, ImportRun
from legacy_import.rows import Chunk, ImportOptions, Mapped, Rejected, Value
from users.identity import canonical_email

LONG_WAY = 500  # rows of one transaction
WRITERS: dict[Kind, type[Writer[Any]]] = {
    Kind.USERS: UserWriter,
    Kind.COURSES: CourseWriter,
    Kind.CONTACTS: ContactWriter,
    Kind.ENROLLMENTS: EnrollmentWriter,
    Kind.REGISTRATIONS: RegistrationWriter,
    Kind.PAYMENTS: PaymentWriter,
}
LOOK_UP = {
    "postgresql": f"""SELECT given.position - 1, record.checksum IS NOT NULL
        FROM unnest({as_array()}, {as_array("bigint")}) WITH ORDINALITY AS given(legacy_id, checksum, position)
        LEFT JOIN {ImportedRecord._meta.db_table} record ON record.kind = %s AND record.legacy_id = given.legacy_id
        WHERE record.checksum IS DISTINCT FROM given.checksum""",  # noqa: S608 - names of ours
    # One list of pairs: two lists joined by their places would be gone through for each other, row by row.
    "sqlite": f"""SELECT given.key, record.checksum IS NOT NULL
        FROM json_each(%s) given
        LEFT JOIN {ImportedRecord._meta.db_table} record
            ON record.kind = %s AND record.legacy_id = json_extract(given.value, '$[0]')
        WHERE record.checksum IS NOT json_extract(given.value, '$[1]')""",  # noqa: S608 - names of ours
}


class Loaded(NamedTuple):
    """What became of a batch, and the rows that the loader rejected, as they were read."""

    counts: BatchCounts
    rejected: list[Rejected]
    notes_of: list[Mapped]


NOTHING_LEFT = Loaded(BatchCounts(), [], [])


def look_up(question: Question) -> Mapping[int, bool]:
    """Say which rows are new or changed, by their positions, and whether each is known."""
    if connection.vendor == "postgresql":
        parameters = [listed(question.legacy_ids), listed(question.checksums), question.kind]
    else:
        parameters = [listed(zip(question.legacy_ids, question.checksums, strict=True)), question.kind]
    return {int(position): bool(known) for position, known in fetch(LOOK_UP[connection.vendor], parameters)}


class Loader:
    """Loads batches, for one run.

    The few rows that go the long way wait until there are enough of them: it costs some dozen queries, however many
    they are. Rows that have to do with a waiting one wait behind it, so all rows of one thing keep their order.
    """

    def __init__(self, run: ImportRun, options: ImportOptions) -> None:
        self.run, self.options = run, options
        people = NumberedIds()
        self._express: dict[Kind, Express] = {kind: one(run, options, people) for kind, one in EXPRESS.items()}
        self._waiting: list[OtherRow] = []
        self._taken = Taken(set(), set())
        self._names: tuple[str, ...] = ()
        self._dates_move = False

    def load(self, batch: Batch, table: TableLayout) -> Loaded:
        """Store what is to be stored, now or with one of the next batches."""
        counts = BatchCounts(unchanged=batch.unchanged)
        self._names = batch.names or self._names
        self._dates_move = "created_at" in table.moving
        self._take(batch.kind, batch.others)
        left = [] if batch.plain is None else self._express[batch.kind].load(batch.plain, self._taken, counts)
        again = list(self._mapped_again(left, batch, table))
        self._take(batch.kind, again)
        self._waiting += sorted([*batch.others, *again], key=lambda row: row.position)
        late = self.finish(batch.kind) if len(self._waiting) >= LONG_WAY else NOTHING_LEFT
        return Loaded(BatchCounts.sum([counts, late.counts]), late.rejected, [row.mapped for row in batch.others])

    def finish(self, kind: Kind) -> Loaded:
        """Store what waits, at the end of a table at the latest."""
        rows, self._waiting = self._waiting, []
        self._taken = Taken(set(), set())
        parts = [rows[start : start + LONG_WAY] for start in range(0, len(rows), LONG_WAY)]
        whole = BatchCounts.sum(self._load_part(kind, part) for part in parts)
        origins = {id(row.mapped): row.raw for row in rows}
        rejected = [Rejected(one.row.legacy_id, one.reason, self._row(origins[id(one.row)])) for one in whole.rejected]
        return Loaded(whole, rejected, [])

    def _take(self, kind: Kind, rows: Sequence[OtherRow]) -> None:
        if kind in self._express:
            self._taken.keys.update(_key(kind, row.mapped) for row in rows)
            self._taken.ids.update(row.mapped.legacy_id for row in rows)

    def _mapped_again(self, positions: Sequence[int], batch: Batch, table: TableLayout) -> Iterator[OtherRow]:
        """Their notes were counted when they were read."""
        if batch.plain is None or not positions:
            return
        checksums = dict(zip(batch.plain.positions, batch.plain.checksums, strict=True))
        for position in positions:
            raw = batch.raw[position]
            mapped = MAPPERS[batch.kind](Chunk(batch.names, [raw]).row(0), table, self.options)
            if isinstance(mapped, Mapped):
                yield OtherRow(position, Mapped(mapped.legacy_id, mapped.fields, []), checksums[position], raw)

    def _load_part(self, kind: Kind, rows: Sequence[OtherRow]) -> BatchCounts:
        mapped, checksums = [row.mapped for row in rows], [row.checksum for row in rows]
        return batches.load_batch(
            WRITERS[kind],
            mapped,
            run=self.run,
            options=self.options,
            checksums=checksums,
            dates_move=self._dates_move,
        )

    def _row(self, raw: Raw) -> dict[str, Value]:
        return raw if isinstance(raw, dict) else dict(zip(self._names, raw, strict=True))


def _key(kind: Kind, row: Mapped) -> str:
    """Return what a shape of the same row would have as its key."""
    if kind is Kind.ENROLLMENTS:
        return str(row.fields["legacy_user_id"])
    return canonical_email(str(row.fields["email"]))
