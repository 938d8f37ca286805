"""The reading half at work: rows in, what is to be stored out, in batches, in the order of the old database.

Rows that are new and usual leave here as lines that only need storing (`plain`); all others leave as they were mapped.
Rows of a kind that was imported before are asked about first, and those that are unchanged are not even mapped. A
question is one batch ahead of its answer, so that the database looks up while the next rows are read.

It runs in a process of its own where there are many rows (processes.py), and knows no database of ours.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence

from legacy_import.aliases import Kind, TableLayout
from legacy_import.columns import ColumnMapper, MappedColumns
from legacy_import.loading.ids import uuid7_texts
from legacy_import.loading.outcome import LoadNote
from legacy_import.loading.packing import pack, pack_records
from legacy_import.loading.shapes import SHAPES, Shaped
from legacy_import.mapping import Mapped, Rejected, compile_mapper
from legacy_import.messages import Answer, Batch, Begun, Message, Order, OtherRow, PlainRows, Question, RawRows
from legacy_import.repeats import Firsts, Repeats
from legacy_import.row_checksums import RowChecksum
from legacy_import.rows import Chunk, Value
from legacy_import.since import is_older, is_older_in
from legacy_import.source import Source


def read(source: Source, order: Order, take_answer: Callable[[], Answer]) -> Iterator[Message]:
    """Read all tables; each question that is yielded must have its answer before two more are."""
    for kind, table in order.tables:
        count = source.count(table.table)
        yield Begun(kind, table, count if order.limit is None else min(count, order.limit))
        reader = _TableReader(kind, table, order, source)
        chunks = chunks_of(source, table, order.batch_size, order.limit)
        yield from reader.asking(chunks, take_answer) if kind in order.asked else map(reader.batch, chunks)


class _TableReader:
    def __init__(self, kind: Kind, table: TableLayout, order: Order, source: Source) -> None:
        self.kind, self.order = kind, order
        self.map_row = compile_mapper(kind, table, order.options)
        self.map_columns = ColumnMapper(kind, table, order.options)
        self.shape, self.checksum = SHAPES.get(kind), RowChecksum(table, order.options)
        odd = source.odd_ids(table.table, table.id_columns)
        self.repeats = Repeats(self.map_columns.legacy_ids(odd)[0])

    def asking(self, chunks: Iterable[Chunk], take_answer: Callable[[], Answer]) -> Iterator[Message]:
        waiting: deque[Firsts] = deque()
        for chunk in chunks:
            waiting.append(self._firsts(chunk))
            yield Question(self.kind, waiting[-1].legacy_ids, waiting[-1].checksums)
            if len(waiting) > 1:
                yield self._answered(waiting.popleft(), take_answer())
        while waiting:
            yield self._answered(waiting.popleft(), take_answer())

    def batch(self, chunk: Chunk) -> Batch:
        """Map rows none of which is known."""
        firsts = self._firsts(chunk)
        return self._with_repeats(firsts, self._mapped(firsts.chunk, firsts.checksums, frozenset()))

    def _firsts(self, chunk: Chunk) -> Firsts:
        return self.repeats.without(chunk, self.map_columns.legacy_ids(chunk)[0], self.checksum.all(chunk))

    def _answered(self, part: Firsts, answer: Answer) -> Batch:
        wanted = list(answer)
        known = frozenset(place for place, position in enumerate(wanted) if answer[position])
        checksums = [part.checksums[position] for position in wanted]
        batch = self._mapped(part.chunk.among(wanted), checksums, known)
        unchanged = len(part.checksums) - len(wanted)
        return self._with_repeats(part, batch._replace(read=batch.read + unchanged, unchanged=unchanged))

    def _with_repeats(self, part: Firsts, batch: Batch) -> Batch:
        """Count the rows that repeat an id of an earlier one."""
        again, rejected = part.said_again, part.rejected
        noted = {**batch.noted, ("", LoadNote.REPEATED): (len(again), f"row {again[0]}")} if again else batch.noted
        return batch._replace(
            read=batch.read + len(again) + len(rejected),
            unchanged=batch.unchanged + len(again),
            rejected=[*batch.rejected, *rejected],
            noted=noted,
        )

    def _mapped(self, chunk: Chunk, checksums: list[int], known: frozenset[int]) -> Batch:
        """Map the rows of a chunk, of which some are known."""
        count = len(chunk.values)
        mapped = self.map_columns(chunk) if self.shape is not None else None
        if mapped is None or self.shape is None:
            shaped, fit = None, frozenset[int]()
        else:
            positions = self._recent(mapped, [one for one in range(count) if one not in known | mapped.refused])
            # Where every row was refused or is known, nothing was written into some of the columns.
            shaped = self.shape(mapped.fields, positions, self.order.options) if positions else None
            fit = frozenset(shaped.positions) if shaped else frozenset[int]()
        others, rejected, left_out = self._one_by_one(chunk, checksums, [one for one in range(count) if one not in fit])
        plain = self._plain(shaped, mapped, checksums) if shaped and mapped and fit else None
        noted = mapped.noted(shaped.positions) if shaped and mapped else {}
        raw = RawRows(chunk.values if fit else [])
        return Batch(self.kind, chunk.names, count, 0, left_out, plain, others, rejected, noted, raw)

    def _one_by_one(
        self, chunk: Chunk, checksums: Sequence[int], positions: Sequence[int]
    ) -> tuple[list[OtherRow], list[Rejected], int]:
        others: list[OtherRow] = []
        rejected: list[Rejected] = []
        left_out = 0
        for position in positions:
            row = chunk.row(position)
            mapped = self.map_row(row)
            if isinstance(mapped, Rejected):
                rejected.append(mapped)
            elif self._is_older(mapped):
                left_out += 1
            else:
                others.append(OtherRow(position, mapped, checksums[position], tuple(row.values())))
        return others, rejected, left_out

    def _plain(self, shaped: Shaped, mapped: MappedColumns, checksums: Sequence[int]) -> PlainRows:
        legacy_ids = [mapped.legacy_ids[position] for position in shaped.positions]
        sums = [checksums[position] for position in shaped.positions]
        object_ids = uuid7_texts(shaped.made_at)
        as_lines, plain = self.order.as_lines, shaped.plain
        records = []
        if shaped.written:
            records = pack_records(legacy_ids, object_ids, sums, shaped.written, as_lines=as_lines)
        packed = pack([object_ids, *shaped.texts], plain, as_lines=as_lines)
        parts = [*shaped.texts, *plain] if shaped.open else []
        return PlainRows(
            shaped.positions, legacy_ids, object_ids, shaped.keys, sums, packed, records, parts, shaped.open
        )

    def _recent(self, mapped: MappedColumns, positions: Sequence[int]) -> Sequence[int]:
        since = self.order.since
        return positions if since is None else [one for one in positions if not is_older_in(mapped.fields, one, since)]

    def _is_older(self, row: Mapped) -> bool:
        return self.order.since is not None and is_older(row, self.order.since)


def chunks_of(source: Source, table: TableLayout, size: int, limit: int | None) -> Iterator[Chunk]:
    """Put what the source gives at once together to `size` rows, and end after `limit`."""
    left = limit
    for chunk in _of_one_size(source, table, size):
        if left is None:
            yield chunk
        elif left > 0:
            yield Chunk(chunk.names, chunk.values[:left])
            left -= len(chunk.values)


def _of_one_size(source: Source, table: TableLayout, size: int) -> Iterator[Chunk]:
    names: tuple[str, ...] = ()
    gathered: list[tuple[Value, ...]] = []
    for chunk in source.chunks(table.table, key=table.key, identity=table.identity):
        names = chunk.names
        gathered += chunk.values
        while len(gathered) >= size:
            yield Chunk(names, gathered[:size])
            gathered = gathered[size:]
    if gathered:
        yield Chunk(names, gathered)
