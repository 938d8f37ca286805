"""What a comparison keeps in mind from batch to batch: which remembered rows were met, and who is not here."""

from collections.abc import Callable, Iterator, Sequence

from django.db.models import Max, Min, QuerySet

from legacy_import.aliases import Kind
from legacy_import.differences import Compared, Difference, How
from legacy_import.models import OF_A_TITLE, ImportedRecord
from legacy_import.rows import Mapped
from users.identity import canonical_email

RECORDS_AT_ONCE = 5_000
ADDRESS = "address"

Each = Callable[[Difference], None]


class Missing:
    """People and courses that are not here: whoever belongs to them is not here either, and was not rejected."""

    MOST = 100_000  # beyond, nothing counts as rejected for want of a person or course

    def __init__(self) -> None:
        self._names: set[tuple[str, str]] = set()

    def note(self, kind: Kind, row: Mapped) -> None:
        """Remember a row that is not here."""
        if kind not in (Kind.USERS, Kind.COURSES) or len(self._names) >= self.MOST:
            return
        self._names.add((str(kind), row.legacy_id))
        if kind is Kind.USERS:
            self._names.add((ADDRESS, canonical_email(str(row.fields["email"]))))

    def explains(self, row: Mapped) -> bool:
        """Say whether the row waits for one of them."""
        person, course = row.fields.get("legacy_user_id"), row.fields.get("legacy_course_id")
        address = "" if person else canonical_email(str(row.fields.get("email") or ""))
        named = {(str(Kind.USERS), str(person)), (str(Kind.COURSES), str(course)), (ADDRESS, address)}
        return len(self._names) >= self.MOST or not named.isdisjoint(self._names)


class Seen:
    """Which remembered rows of a kind were met, a bit for each: a megabyte for eight million rows."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        ends = self.records().aggregate(first=Min("pk"), last=Max("pk"))
        self._first: int = ends["first"] or 0
        self._bits = bytearray(((ends["last"] or 0) - self._first) // 8 + 1)

    def records(self) -> "QuerySet[ImportedRecord]":
        """Return what is remembered of old rows."""
        return ImportedRecord.objects.filter(kind=self._kind).exclude(legacy_id__startswith=OF_A_TITLE)

    def see(self, record: ImportedRecord) -> bool:
        """Note that the row was met; false if it was before."""
        if self._is_met(record):
            return False
        place, bit = divmod(record.pk - self._first, 8)
        self._bits[place] |= 1 << bit
        return True

    def unseen(self) -> Iterator[list[ImportedRecord]]:
        """Return, part by part, the rows that were not met."""
        last = self._first - 1
        while part := list(self.records().order_by("pk").filter(pk__gt=last)[:RECORDS_AT_ONCE]):
            last = part[-1].pk
            if unmet := [one for one in part if not self._is_met(one)]:
                yield unmet

    def _is_met(self, record: ImportedRecord) -> bool:
        place, bit = divmod(record.pk - self._first, 8)
        return bool(self._bits[place] >> bit & 1)


class Notes:
    """The notes on one kind; those on who is missing are shared by all."""

    def __init__(self, compared: Compared, missing: Missing, each: Each) -> None:
        self.kind, self.compared, self.missing = compared.kind, compared, missing
        self.seen = Seen(self.kind)
        self._each = each

    def differ(self, legacy_id: str, how: How, fields: Sequence[str] = (), *, reason: str = "") -> None:
        """Note a difference and tell of it."""
        difference = Difference(self.kind, legacy_id, how, tuple(fields), reason)
        self.compared.differ(difference)
        self._each(difference)

    def is_not_here(self, row: Mapped) -> None:
        """Note a row that an import would bring."""
        self.missing.note(self.kind, row)
        self.differ(row.legacy_id, How.NOT_HERE)
