"""One batch of mapped rows into the database: in one transaction, idempotent, by a bounded number of queries."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db import DataError, IntegrityError
from django.db.models import Model
from django.utils import timezone

from legacy_import.loading.checksums import checksum_of_fields, checksum_of_object
from legacy_import.loading.ids import uuid7_of
from legacy_import.loading.outcome import BatchCounts, LoadNote, Merge, RowRefusedError
from legacy_import.loading.unfinished import is_unfinished, unfinished
from legacy_import.loading.writer import Writer
from legacy_import.models import BEFORE, ImportedRecord, ImportRun
from legacy_import.repeats import REASON
from legacy_import.rows import ImportOptions, Mapped
from titanobova.constraints import checked_now

Changed = tuple[Mapped, ImportedRecord]


def load_batch(
    writer: type[Writer[Any]],
    rows: Sequence[Mapped],
    *,
    run: ImportRun,
    options: ImportOptions,
    checksums: Sequence[int] | None = None,
    dates_move: bool = False,
) -> BatchCounts:
    """Load the rows in one transaction and say what became of each; `checksums` are theirs as they were read.

    `dates_move` where the old database writes the date of creation anew with every update, as some MySQL did unasked.

    When the database refuses the batch, because of one row in it or because the live site wrote the same thing at the
    same moment, the batch is halved until the row stands alone; that one is rejected, all others are loaded.
    """
    sums = [checksum_of_fields(row.fields) for row in rows] if checksums is None else checksums
    try:
        with checked_now():
            return _Batch(writer, rows, run, options, sums, dates_move=dates_move).load()
    except (IntegrityError, DataError) as error:
        if len(rows) == 1:
            counts = BatchCounts()
            counts.refuse(rows[0], f"the database refused it: {str(error).partition(chr(10))[0]}")
            return counts
    middle = len(rows) // 2
    halves = (slice(middle), slice(middle, None))
    return BatchCounts.sum(
        load_batch(writer, rows[half], run=run, options=options, checksums=sums[half], dates_move=dates_move)
        for half in halves
    )


class _Batch:
    """The rows of one transaction on their way: first what changed, then what is new, then all writes at once."""

    def __init__(
        self,
        writer: type[Writer[Any]],
        rows: Sequence[Mapped],
        run: ImportRun,
        options: ImportOptions,
        checksums: Sequence[int],
        *,
        dates_move: bool,
    ) -> None:
        self.dates_move = dates_move
        self.rows, self.run, self.counts = rows, run, BatchCounts()
        self.checksums = {id(row): checksum for row, checksum in zip(rows, checksums, strict=True)}
        self.writer = writer(run, options, self.counts)
        self.new: dict[UUID, Model] = {}
        self.touched: dict[UUID, Model] = {}  # objects that were here, to be stored again
        self.known: dict[str, ImportedRecord] = {}
        self.records: list[tuple[ImportedRecord, Model]] = []
        self.renamed: list[ImportedRecord] = []  # of rows whose id is another's by now
        self.linked: list[tuple[ImportedRecord, Model]] = []  # only a link was filled, which is no part of `written`
        self.owners: dict[UUID, ImportedRecord] = {}

    def load(self) -> BatchCounts:
        """Sort the rows, decide about each, and write."""
        fresh, changed = self._sorted_out()
        if fresh or changed:
            self.writer.look_up([*fresh, *(row for row, _ in changed)])
            others = self._change(changed)  # first, for what they give up is free for the new ones
            self._create([*others, *fresh])
            self._write()
        return self.counts

    def _sorted_out(self) -> tuple[list[Mapped], list[Changed]]:
        """Return the rows to be built and those whose object is to be changed; all others are done.

        A merged row that changed is built anew: it may mean something else now, or have become an own thing.
        """
        self.known = _records_by(self.writer, "legacy_id", {row.legacy_id for row in self.rows})
        seen: dict[str, Mapped] = {}
        fresh, changed = [], []
        for row in self.rows:
            record = self.known.get(row.legacy_id)
            if seen.setdefault(row.legacy_id, row) is not row:
                self._repeated(row, seen[row.legacy_id])
            elif record is not None and record.checksum == self._checksum(row):
                self.counts.unchanged += 1
            elif record is None or record.is_merged:
                fresh.append(row)
            else:
                changed.append((row, record))
        return fresh, changed

    def _repeated(self, row: Mapped, first: Mapped) -> None:
        if row.fields != first.fields:
            self.counts.refuse(row, REASON.format(row.legacy_id))
            return
        self.counts.unchanged += 1
        self.counts.note(LoadNote.REPEATED, f"row {row.legacy_id}")

    def _create(self, rows: Sequence[Mapped]) -> None:
        """Build what is new; a row whose thing is here already becomes a record of that."""
        wanted = []
        for row in rows:
            try:
                values = self.writer.values(row)
                twin = self.writer.twin(row, values)
                instance = twin or self._build(values)
            except RowRefusedError as refusal:
                self.counts.refuse(row, str(refusal))
                continue
            wanted.append((row, values, instance, twin is not None))
        self._load_owners([instance for *_, instance, is_merged in wanted if is_merged])
        for row, values, instance, is_merged in wanted:
            if is_merged:
                self._merge(row, values, instance)
            else:
                self.counts.created += 1
            self._record(row, instance, is_merged=is_merged)

    def _build(self, values: dict[str, Any]) -> Model:
        instance: Model = self.writer.model(pk=uuid7_of(values["created_at"]), **values)
        self.writer.check_lengths(instance)
        self.new[instance.pk] = instance
        self.writer.remember(instance)
        return instance

    def _merge(self, row: Mapped, values: dict[str, Any], twin: Model) -> None:
        self.counts.merged += 1
        self.counts.merges.append(Merge(row.legacy_id, twin.pk))
        if self._is_untouched_here(twin) and self.writer.merge(twin, values):
            self.touched[twin.pk] = twin

    def _change(self, changed: Sequence[Changed]) -> list[Mapped]:
        """Bring objects to what their old rows say now, unless somebody here changed them since.

        Returns the rows that are about something else than those that had their ids before.
        """
        if not changed:
            return []
        ids = {record.object_id for _, record in changed}
        # Locked, or a first login at this moment would lose its new hash to the old one that we read before it.
        stored = self.writer.model._default_manager.select_for_update(no_key=True).order_by("pk").in_bulk(ids)
        self._load_owners(stored.values())
        merged = ImportedRecord.objects.filter(kind=self.writer.kind, object_id__in=ids, is_merged=True)
        shared = set(merged.values_list("object_id", flat=True))
        others = []
        for row, record in changed:
            instance = stored.get(record.object_id)
            if instance is not None and self.writer.is_another(row, instance, dates_move=self.dates_move):
                self._give_up_id(record, row)
                others.append(row)
                continue
            try:
                self._change_if_ours(row, record, instance, is_shared=record.object_id in shared)
            except RowRefusedError as refusal:
                self.counts.refuse(row, str(refusal))
        return others

    def _change_if_ours(self, row: Mapped, record: ImportedRecord, instance: Model | None, *, is_shared: bool) -> None:
        if instance is not None and is_unfinished(record, self._checksum(row)):
            self._fill_links(row, record, instance)
        elif kept := self._reason_to_keep(instance):
            self.counts.unchanged += 1
            self.counts.note(kept, f"row {row.legacy_id}")
        elif instance is not None:
            self._change_one(row, instance, is_shared=is_shared)

    def _give_up_id(self, record: ImportedRecord, row: Mapped) -> None:
        """Remember the object under a name of its own from now on; its row is gone."""
        del self.known[row.legacy_id]
        record.legacy_id = f"{BEFORE}{record.object_id.hex}"
        self.writer.rename(record, row.legacy_id)
        self.renamed.append(record)
        self.counts.note(LoadNote.ID_GIVEN_ANEW, f"row {row.legacy_id}")

    def _fill_links(self, row: Mapped, record: ImportedRecord, instance: Model) -> None:
        """Fill what was empty because the row came before what it names; the row itself is as it was."""
        try:
            values = self.writer.values(row)
        except RowRefusedError:  # such as somebody who was erased here: nothing is to be joined to them
            self.counts.unchanged += 1
            return
        found = {name: values[name] for name in self.writer.links if getattr(instance, name) is None and values[name]}
        is_owned = not set(self.writer.columns).isdisjoint(found)
        if not found or (is_owned and not self._is_untouched_here(instance)):
            self.counts.unchanged += 1
            return
        for name, value in found.items():
            setattr(instance, name, value)
        self.counts.updated += 1
        if is_owned:
            self._record(row, instance, is_merged=False)
            self.touched[instance.pk] = instance
        else:
            record.checksum = self._checksum_to_remember(row, instance)
            self.linked.append((record, instance))

    def _reason_to_keep(self, instance: Model | None) -> LoadNote | None:
        if instance is None:
            return LoadNote.DELETED_HERE
        if self.writer.is_in_use(instance):
            return LoadNote.ACCOUNT_IN_USE_KEPT
        return None if self._is_untouched_here(instance) else self.writer.reason_to_keep(instance)

    def _change_one(self, row: Mapped, instance: Model, *, is_shared: bool) -> None:
        values = self.writer.values(row)
        twin = self.writer.twin(row, values)
        if twin is not None and twin.pk != instance.pk:
            raise RowRefusedError(f"it changed and now means the same as {twin.pk}, which came of something else")
        before = self._written(instance)
        self.writer.change(instance, values, is_shared=is_shared)
        self.writer.check_lengths(instance)
        self._record(row, instance, is_merged=False)
        if self._written(instance) == before:
            self.counts.unchanged += 1  # read otherwise than before, or by other rules, and still the same
            return
        self.touched[instance.pk] = instance
        self.counts.updated += 1

    def _load_owners(self, instances: Iterable[Model]) -> None:
        """Fetch which rows the objects were made of, to see whether anybody changed them since."""
        ids = {instance.pk for instance in instances if instance.pk not in self.new}
        if ids:
            self.owners |= _records_by(self.writer, "object_id", ids, is_merged=False)

    def _is_untouched_here(self, instance: Model) -> bool:
        if instance.pk in self.new or instance.pk in self.touched:
            return True
        owner = self.owners.get(instance.pk)
        return owner is not None and owner.written == self._written(instance)

    def _record(self, row: Mapped, instance: Model, *, is_merged: bool) -> None:
        record = self.known.get(row.legacy_id)
        if record is None:
            record = ImportedRecord(kind=self.writer.kind, legacy_id=row.legacy_id, run=self.run)
        elif record.is_merged and not is_merged:
            record.run = self.run  # it brought what the row became
        record.object_id, record.is_merged = instance.pk, is_merged
        record.checksum = self._checksum(row) if is_merged else self._checksum_to_remember(row, instance)
        self.records.append((record, instance))

    def _write(self) -> None:
        """Store everything; the checksums of what is stored are made last, when no row can change it any more."""
        written = list(self.records)
        mentioned = {record.pk for record, _ in written}
        for pk, instance in self.touched.items():
            owner = self.owners.get(pk)
            if owner is not None and owner.pk not in mentioned:
                written.append((owner, instance))
        for record, instance in written:
            record.written = self._written(instance)
        self._store_objects()
        ImportedRecord.objects.bulk_update(self.renamed, ["legacy_id"])
        ImportedRecord.objects.bulk_update([record for record, _ in self.linked], ["checksum"])
        new = [record for record, _ in written if record.pk is None]
        known = [record for record, _ in written if record.pk is not None]
        ImportedRecord.objects.bulk_update(known, ["object_id", "is_merged", "checksum", "written", "run"])
        ImportedRecord.objects.bulk_create(new)
        self.writer.follow_up(self.records)

    def _store_objects(self) -> None:
        manager = self.writer.model._default_manager
        touched = [instance for pk, instance in self.touched.items() if pk not in self.new]
        names = list(self.writer.columns)
        if any(field.name == "updated_at" for field in self.writer.model._meta.concrete_fields):
            names.append("updated_at")
            for instance in touched:
                instance.updated_at = timezone.now()  # type: ignore[attr-defined]  # not every model has it
        manager.bulk_update(touched, names)
        if self.linked:
            manager.bulk_update([instance for _, instance in self.linked], list(self.writer.links))
        manager.bulk_create(list(self.new.values()))

    def _checksum_to_remember(self, row: Mapped, instance: Model) -> int:
        checksum = self._checksum(row)
        return unfinished(checksum) if self.writer.waits(row, instance) else checksum

    def _checksum(self, row: Mapped) -> int:
        return self.checksums[id(row)]

    def _written(self, instance: Model) -> int:
        return checksum_of_object(instance, self.writer.columns)


def _records_by(writer: Writer[Any], key: str, values: Iterable[object], **only: object) -> dict[Any, ImportedRecord]:
    records = ImportedRecord.objects.filter(**{"kind": writer.kind, f"{key}__in": list(values), **only})
    return {getattr(record, key): record for record in records}
