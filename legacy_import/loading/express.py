"""The short way for rows that are new and usual: a few look-ups for thousands of them, then one COPY a table.

Nothing here decides anything that batches.py would decide otherwise. A row that shares its address, its place or its id
with another one, here or in its own batch, is left over and goes the long way; so does the whole batch where the
database refuses it. What a row becomes does not depend on the way.
"""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Any, ClassVar, NamedTuple, TypeVar

from django.db import DataError, IntegrityError
from django.db.models import Model

from contacts.models import Contact
from courses.models import Enrollment, EnrollmentGrant
from legacy_import.aliases import Kind
from legacy_import.erased import erased_among
from legacy_import.loading.checksums import checksums_of_columns
from legacy_import.loading.courses import CourseFinder
from legacy_import.loading.ids import NumberedIds, uuid7_texts_beside
from legacy_import.loading.joining import hand_over_messages
from legacy_import.loading.outcome import BatchCounts, RowRefusedError
from legacy_import.loading.packing import NullableColumn, pack, pack_records
from legacy_import.loading.shapes import CONTACT_COLUMNS, USER_COLUMNS
from legacy_import.loading.target import among, fetch, id_text, listed, store, takes_lines
from legacy_import.messages import PlainRows
from legacy_import.models import ErasedAddress, ImportedRecord, ImportRun
from legacy_import.rows import ImportOptions, Mapped
from titanobova.constraints import checked_now
from users.erased import DOMAIN as ERASED_DOMAIN
from users.models import User

RECORD_COLUMNS = ("legacy_id", "object_id", "checksum", "written")


Fit = Sequence[int]  # places among the plain rows
T = TypeVar("T")


class Taken(NamedTuple):
    """Keys and old ids of rows that go the long way: whatever shares one with them follows behind."""

    keys: set[str]
    ids: set[str]


class Express(ABC):
    """One kind, for one run."""

    kind: ClassVar[Kind]
    model: ClassVar[type[Model]]
    columns: ClassVar[tuple[str, ...]]

    def __init__(self, run: ImportRun, options: ImportOptions, people: NumberedIds) -> None:
        """`people` are the accounts that this run has brought, for the rows of other tables that belong to them."""
        self.run, self.options, self.people = run, options, people

    def load(self, rows: PlainRows, taken: Taken, counts: BatchCounts) -> Sequence[int]:
        """Store what can be stored and return the positions of what is left over."""
        tried = BatchCounts()
        try:
            with checked_now():  # while the batch can still go the long way
                fit = self._fit(rows, taken, tried)
                self.store(rows, fit)
        except (IntegrityError, DataError):
            self.forget()
            return rows.positions
        self.stored(rows, fit)
        counts.created += len(fit)
        counts.courses_created += tried.courses_created
        stored = frozenset(fit)
        return [position for place, position in enumerate(rows.positions) if place not in stored]

    def _fit(self, rows: PlainRows, taken: Taken, counts: BatchCounts) -> Fit:
        ids, every = rows.legacy_ids, range(len(rows.legacy_ids))
        return self.fitting(rows, _without(ids, every, _repeated(ids) | taken.ids), taken.keys, counts)

    @abstractmethod
    def fitting(self, rows: PlainRows, places: Fit, taken: Collection[str], counts: BatchCounts) -> Fit:
        """Return the places of those rows that nothing here or in the batch speaks against."""

    def more(self, rows: PlainRows, fit: Fit) -> Sequence[NullableColumn]:
        """Return columns that were looked up here; they come last in `columns`."""
        return ()

    def records(self, rows: PlainRows, fit: Fit) -> Sequence[Any]:
        """Return what is remembered of the rows, packed."""
        return _picked(rows.records, fit)

    def forget(self) -> None:  # noqa: B027 - most kinds have nothing to forget
        """Forget what was made in a transaction that was rolled back."""

    def stored(self, rows: PlainRows, fit: Fit) -> None:  # noqa: B027 - likewise
        """Remember what was made in a transaction that was committed."""

    def store(self, rows: PlainRows, fit: Fit) -> None:
        """Store the rows and what is remembered of them."""
        store(self.model, ("id", *self.columns), _picked(rows.packed, fit), more=self.more(rows, fit))
        same = {"kind": str(self.kind), "is_merged": "0", "run_id": self.run.pk.hex}
        store(ImportedRecord, RECORD_COLUMNS, self.records(rows, fit), same=same)


class ExpressUsers(Express):
    """Accounts whose address nobody has."""

    kind, model, columns = Kind.USERS, User, USER_COLUMNS
    sql = f"SELECT email_canonical FROM {User._meta.db_table} WHERE email_canonical {{}}"  # noqa: S608 - names of ours

    def fitting(self, rows: PlainRows, places: Fit, taken: Collection[str], counts: BatchCounts) -> Fit:
        addresses = set(rows.keys)
        here = {address for (address,) in fetch(self.sql.format(among()), [listed(addresses)])}
        return _without(rows.keys, places, here.union(taken, _erased(addresses), _repeated(rows.keys)))

    def store(self, rows: PlainRows, fit: Fit) -> None:
        super().store(rows, fit)
        hand_over_messages(_picked(rows.object_ids, fit))

    def stored(self, rows: PlainRows, fit: Fit) -> None:
        self.people.remember(_picked(rows.legacy_ids, fit), _picked(rows.object_ids, fit))


class ExpressContacts(Express):
    """Messages, with the account that owns its sender's address, if there is one."""

    kind, model, columns = Kind.CONTACTS, Contact, (*CONTACT_COLUMNS, "user_id")

    @staticmethod
    def senders_sql() -> str:
        """Return the SQL of who owns which address, with one parameter made by `listed`."""
        return f"""SELECT DISTINCT email_canonical, {id_text("account.id")} FROM {User._meta.db_table} account
            LEFT JOIN {ImportedRecord._meta.db_table} record
                ON record.object_id = account.id AND record.kind = '{Kind.USERS}' AND NOT record.is_merged
            WHERE email_canonical {among(one_by_one=True)} AND (email_verified OR record.id IS NOT NULL)"""  # noqa: S608 - names of ours

    def fitting(self, rows: PlainRows, places: Fit, taken: Collection[str], counts: BatchCounts) -> Fit:
        addresses = set(rows.keys)
        self.senders = dict(fetch(self.senders_sql(), [listed(addresses)]))
        return _without(rows.keys, places, _erased(addresses))

    def more(self, rows: PlainRows, fit: Fit) -> Sequence[NullableColumn]:
        return [list(map(self.senders.get, _picked(rows.keys, fit)))]


class ExpressEnrollments(Express):
    """Enrolments of people who are here, each in a course in which they have no other live one."""

    kind, model = Kind.ENROLLMENTS, Enrollment
    columns = ("status", "completed_at", "created_at", "user_id", "course_id")
    accounts_sql = f"""SELECT record.legacy_id, {id_text("account.id")} FROM {ImportedRecord._meta.db_table} record
        JOIN {User._meta.db_table} account ON account.id = record.object_id
        WHERE record.kind = '{Kind.USERS}' AND record.legacy_id {{}} AND account.email NOT LIKE '%%@{ERASED_DOMAIN}'"""  # noqa: S608 - names of ours
    live_sql = f"""SELECT {id_text("user_id")}, {id_text("course_id")} FROM {Enrollment._meta.db_table}
        WHERE user_id {{}} AND status IN {tuple(map(str, Enrollment.LIVE))}"""  # noqa: S608 - names of ours

    def __init__(self, run: ImportRun, options: ImportOptions, people: NumberedIds) -> None:
        super().__init__(run, options, people)
        self.courses: dict[tuple[str, str], str] = {}

    def forget(self) -> None:
        self.courses.clear()

    def fitting(self, rows: PlainRows, places: Fit, taken: Collection[str], counts: BatchCounts) -> Fit:
        asked = set(rows.keys)
        accounts = self.people.of(asked)
        if unknown := asked - accounts.keys():
            accounts |= dict(fetch(self.accounts_sql.format(among()), [listed(unknown)]))
        accounted = [place for place in places if rows.keys[place] in accounts]
        self._find_courses(dict.fromkeys(rows.open[place] for place in accounted), counts)
        self.users: list[Any] = list(map(accounts.get, rows.keys))
        self.in_courses: list[Any] = list(map(self.courses.get, rows.open))
        seats = list(zip(self.users, self.in_courses, strict=True))
        known = [place for place in accounted if self.in_courses[place] is not None]
        here = set(fetch(self.live_sql.format(among("uuid")), [listed(set(accounts.values()))]))
        refused = here | _repeated([seats[place] for place in known])
        fit = [place for place in known if seats[place] not in refused]
        return _without(rows.keys, fit, taken)

    def more(self, rows: PlainRows, fit: Fit) -> Sequence[NullableColumn]:
        return [_picked(self.users, fit), _picked(self.in_courses, fit)]

    def records(self, rows: PlainRows, fit: Fit) -> Sequence[Any]:
        parts = [_picked(part, fit) for part in (self.users, self.in_courses, *rows.parts)]
        sums, written = _picked(rows.checksums, fit), checksums_of_columns(parts)
        legacy_ids, object_ids = _picked(rows.legacy_ids, fit), _picked(rows.object_ids, fit)
        return pack_records(legacy_ids, object_ids, sums, written, as_lines=takes_lines())

    def store(self, rows: PlainRows, fit: Fit) -> None:
        super().store(rows, fit)
        (states, _, made_at) = rows.parts
        open_ones = [place for place in fit if states[place] in Enrollment.SEATED]
        objects = _picked(rows.object_ids, open_ones)
        columns = [
            _picked(rows.legacy_ids, open_ones),
            uuid7_texts_beside(objects),
            objects,
            _picked(made_at, open_ones),
        ]
        store(
            EnrollmentGrant,
            ("reference", "id", "enrollment_id", "granted_at"),
            pack(columns, as_lines=takes_lines()),
            same={"kind": str(EnrollmentGrant.Kind.IMPORT)},
        )

    def _find_courses(self, asked: Collection[tuple[str, str]], counts: BatchCounts) -> None:
        """Look up what is new; a row whose course is not found is left over."""
        unknown = [course for course in asked if course not in self.courses]
        if not unknown:
            return
        finder = CourseFinder(self.run, self.options, counts)
        wanted = [Mapped("", {"legacy_course_id": old_id, "course_title": title}, []) for old_id, title in unknown]
        finder.look_up(wanted)
        for row in wanted:
            try:
                found = finder.course_of(row).hex
            except RowRefusedError:
                continue
            self.courses[str(row.fields["legacy_course_id"]), str(row.fields["course_title"])] = found


EXPRESS: dict[Kind, type[Express]] = {one.kind: one for one in (ExpressUsers, ExpressContacts, ExpressEnrollments)}


def _picked(values: Sequence[Any], fit: Fit) -> list[Any]:
    return list(values) if len(fit) == len(values) else [values[place] for place in fit]


def _repeated(values: Collection[T]) -> set[T]:
    """Return what occurs more than once."""
    return {one for one, times in Counter(values).items() if times > 1} if len(set(values)) < len(values) else set()


def _without(keys: Sequence[str], places: Fit, refused: Collection[str]) -> Fit:
    return [place for place in places if keys[place] not in refused] if refused else places


def _erased(addresses: Iterable[str]) -> set[str]:
    return erased_among(addresses) if ErasedAddress.objects.exists() else set()
