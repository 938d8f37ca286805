"""Judges one batch of old rows after the other: what would each become, and is that what is here?

To know what a row would become, everything is asked that an import asks, by the same code (loading/). Some of that
writes, so a batch is one transaction that is rolled back at its end.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import Model

from legacy_import.aliases import TableLayout
from legacy_import.differences import How
from legacy_import.hashing import is_hash_of
from legacy_import.loading import WRITERS, BatchCounts
from legacy_import.loading.checksums import as_stored, checksum_of_texts
from legacy_import.loading.outcome import RowRefusedError
from legacy_import.loading.unfinished import is_same_row
from legacy_import.mapping import compile_mapper
from legacy_import.models import ImportedRecord, ImportRun
from legacy_import.noting import Notes
from legacy_import.passwords import WeakPassword
from legacy_import.pipeline import Order
from legacy_import.row_checksums import RowChecksum
from legacy_import.rows import Mapped, Rejected, Row
from legacy_import.since import is_older

_Remembered = tuple[Row, Mapped, ImportedRecord]
UNLIKE_ANY = "!"  # an unusable password, which stands for one that is not worth hashing


class _Known(NamedTuple):
    """A row that is remembered, what it became, and whether it is another row than it was then."""

    mapped: Mapped
    record: ImportedRecord
    stored: Model
    texts: dict[str, str | None]  # what is stored, by column
    changed_here: bool
    changed_there: bool


class Judge:
    """Judges the rows of one table."""

    def __init__(self, table: TableLayout, order: Order, notes: Notes) -> None:
        self.notes, self.order, self.kind = notes, order, notes.kind
        self.map_row = compile_mapper(self.kind, table, order.options)
        self.checksum = RowChecksum(table, order.options)
        self.model: Any = WRITERS[self.kind].model
        self.columns = WRITERS[self.kind].columns

    def look_at(self, rows: Sequence[Row]) -> None:
        """Judge a batch, by a number of queries that does not depend on it."""
        with transaction.atomic():
            found, unknown = self._sorted_out([(row, self.map_row(row)) for row in rows])
            known = [one._replace(mapped=_without_hashing(one)) for one in self._with_what_is_stored(found)]
            self._judge(known, [_with_password(row, UNLIKE_ANY) for row in unknown])
            transaction.set_rollback(True)

    def _sorted_out(self, read: Sequence[tuple[Row, Mapped | Rejected]]) -> tuple[list[_Remembered], list[Mapped]]:
        """Return the rows that are remembered and those that are not; all others are done."""
        records = {one.legacy_id: one for one in self._records([mapped.legacy_id or "" for _, mapped in read])}
        found: list[_Remembered] = []
        unknown: list[Mapped] = []
        for row, mapped in read:
            record = records.get(mapped.legacy_id or "")
            if record is None:
                self._sort_out_unknown(mapped, unknown)
            elif not self.notes.seen.see(record):
                self.notes.compared.rejected += 1  # the id occurs more than once
            elif isinstance(mapped, Rejected):
                self.notes.differ(record.legacy_id, How.REJECTED, reason=mapped.reason)
            else:
                found.append((row, mapped, record))
        return found, unknown

    def _records(self, legacy_ids: Sequence[str]) -> Sequence[ImportedRecord]:
        return list(self.notes.seen.records().filter(legacy_id__in=legacy_ids))

    def _sort_out_unknown(self, mapped: Mapped | Rejected, unknown: list[Mapped]) -> None:
        if isinstance(mapped, Rejected):
            self.notes.compared.rejected += 1
        elif self.order.since is not None and is_older(mapped, self.order.since):
            self.notes.compared.left_out += 1
        else:
            unknown.append(mapped)

    def _with_what_is_stored(self, found: Sequence[_Remembered]) -> list[_Known]:
        stored = self.model._default_manager.in_bulk({record.object_id for *_, record in found})
        known = []
        for row, mapped, record in found:
            if (instance := stored.get(record.object_id)) is None:
                self.notes.differ(record.legacy_id, How.DELETED_HERE)
                continue
            texts = self._texts(instance)
            changed_here = not record.is_merged and checksum_of_texts(texts.values()) != record.written
            changed_there = not is_same_row(record, self.checksum(row))
            known.append(_Known(mapped, record, instance, texts, changed_here, changed_there))
        return known

    def _judge(self, known: Sequence[_Known], unknown: Sequence[Mapped]) -> None:
        """Let a writer of the import say what becomes of the rows, those that are here first, as an import does."""
        if not (known or unknown):
            return
        writer = WRITERS[self.kind](ImportRun(), self.order.options, BatchCounts())
        writer.look_up([*(one.mapped for one in known), *unknown])
        own = [one for one in known if not one.record.is_merged]
        shared = self._shared([one.stored.pk for one in own])
        for one in own:
            self._judge_own(writer, one, is_shared=one.stored.pk in shared)
        for one in known:
            if one.record.is_merged and one.changed_there:
                self._judge_merged(writer, one)
        for row in unknown:
            self._judge_unknown(writer, row)

    def _shared(self, ids: Sequence[UUID]) -> set[UUID]:
        merged = ImportedRecord.objects.filter(kind=self.kind, object_id__in=ids, is_merged=True)
        return set(merged.values_list("object_id", flat=True)) if ids else set()

    def _judge_own(self, writer: Any, one: _Known, *, is_shared: bool) -> None:
        """Change what is stored as an import would, were the row new to it, and see what that changes."""
        how = _side(one)
        try:
            values = writer.values(one.mapped)
        except RowRefusedError as refusal:
            self.notes.differ(one.record.legacy_id, How.REJECTED if how is How.OTHERWISE else how, reason=str(refusal))
            return
        left_out = set() if one.changed_here or one.changed_there else writer.decided_elsewhere(one.mapped, one.stored)
        links = [name for name in writer.links if getattr(one.stored, name) is None and values[name] is not None]
        writer.change(one.stored, values, is_shared=is_shared)
        fields = [name for name in self._differing(one.texts, one.stored) if name not in left_out]
        if fields or links:
            self.notes.differ(one.record.legacy_id, how, [*fields, *(name for name in links if name not in fields)])

    def _judge_merged(self, writer: Any, one: _Known) -> None:
        """A merged row differs once it means something else, or brings its object further."""
        try:
            values = writer.values(one.mapped)
            twin = writer.twin(one.mapped, values)
        except RowRefusedError as refusal:
            self.notes.differ(one.record.legacy_id, How.REJECTED, reason=str(refusal))
            return
        if twin is None or twin.pk != one.record.object_id:
            self.notes.differ(one.record.legacy_id, How.CHANGED_THERE, reason="it means something else now")
            return
        before = self._texts(twin)
        writer.merge(twin, values)
        if fields := self._differing(before, twin):
            self.notes.differ(one.record.legacy_id, How.CHANGED_THERE, fields)

    def _judge_unknown(self, writer: Any, row: Mapped) -> None:
        try:
            values = writer.values(row)
            if writer.twin(row, values) is None:
                writer.check_lengths(writer.model(**values))
        except RowRefusedError:
            if not self.notes.missing.explains(row):
                self.notes.compared.rejected += 1
                return
        self.notes.is_not_here(row)

    def _texts(self, instance: Model) -> dict[str, str | None]:
        return {name: as_stored(getattr(instance, name)) for name in self.columns}

    def _differing(self, before: dict[str, str | None], instance: Model) -> list[str]:
        return [name for name, text in self._texts(instance).items() if text != before[name]]


def _side(one: _Known) -> How:
    if one.changed_here:
        return How.CHANGED_ON_BOTH_SIDES if one.changed_there else How.CHANGED_HERE
    return How.CHANGED_THERE if one.changed_there else How.OTHERWISE


def _without_hashing(one: _Known) -> Mapped:
    """Put what is stored in the place of a weak password that it was made of.

    To hash it costs a thousand times what all else costs. Where neither side changed since, the stored hash is the one
    that the import made of this very password; else it is asked, which takes as long as a login.
    """
    weak = one.mapped.fields.get("password")
    if not isinstance(weak, WeakPassword):
        return one.mapped
    stored = str(getattr(one.stored, "password", ""))
    if one.record.is_merged or not (one.changed_here or one.changed_there) or is_hash_of(stored, weak):
        return _with_password(one.mapped, stored)
    return _with_password(one.mapped, UNLIKE_ANY + "changed")


def _with_password(row: Mapped, text: str) -> Mapped:
    if not isinstance(row.fields.get("password"), WeakPassword):
        return row
    return row._replace(fields={**row.fields, "password": text})
