"""Courses that the old site kept in a table of their own."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from courses.models import Course
from courses.slugs import free_slug, stem_of
from courses.titles import same_title
from legacy_import.aliases import Kind
from legacy_import.loading.outcome import LoadNote
from legacy_import.loading.users import accounts_by_email, accounts_by_old_id
from legacy_import.loading.writer import Writer
from legacy_import.models import OF_A_TITLE, ImportedRecord
from legacy_import.rows import Mapped
from users.identity import canonical_email

AS_MAPPED = (
    "title", "description", "category", "level", "currency", "duration_hours", "capacity",
)  # fmt: skip
LONGEST_SLUG = 100  # characters; room for a number behind it


class CourseWriter(Writer[Course]):
    """Courses. One that is here under the same title, and came of no other old course, is the same course.

    A course whose price is not known is not published: it would be given away. Its address is set once; what the old
    site called it is kept where it is free and can be an address here.
    """

    kind = Kind.COURSES
    model = Course
    columns = (*AS_MAPPED, "price", "instructor_id", "is_published", "created_at")
    links = ("instructor_id",)

    def look_up(self, rows: Sequence[Mapped]) -> None:
        self.by_old_id = accounts_by_old_id({str(old) for row in rows if (old := row.fields["legacy_instructor_id"])})
        found, owners = accounts_by_email({canonical_email(str(row.fields["instructor_email"])) for row in rows})
        self.by_address = {address: account.pk for address, account in found.items() if account.pk in owners}
        taken = ImportedRecord.objects.filter(kind=self.kind).exclude(legacy_id__startswith=OF_A_TITLE)
        # Rows of this batch that are merged already may be merged into the same course again.
        taken = taken.exclude(is_merged=True, legacy_id__in=[row.legacy_id for row in rows])
        here = Course.objects.exclude(pk__in=taken.values("object_id")).order_by("-is_published", "pk")
        self.twins: dict[str, Course] = {}
        for course in here:
            self.twins.setdefault(same_title(course.title), course)
        self.slugs = set(Course.objects.values_list("slug", flat=True))

    def values(self, row: Mapped) -> dict[str, Any]:
        values = {name: row.fields[name] for name in AS_MAPPED}
        price, is_published = row.fields["price"], bool(row.fields["is_published"])
        if price is None and is_published:
            self.counts.note(LoadNote.PRICE_UNKNOWN_NOT_PUBLISHED, f"row {row.legacy_id}", on="is_published")
        address = canonical_email(str(row.fields["instructor_email"]))
        return values | {
            "slug": self._slug(row),
            "price": price if price is not None else Decimal(0),
            "instructor_id": self.by_old_id.get(str(row.fields["legacy_instructor_id"]))
            or self.by_address.get(address),
            "is_published": is_published and price is not None,
            "is_imported": True,
            "created_at": self.instant(row),
        }

    def twin(self, row: Mapped, values: dict[str, Any]) -> Course | None:
        """A course that changes is no twin of itself."""
        return self.twins.pop(same_title(values["title"]), None)

    def remember(self, instance: Course) -> None:
        self.slugs.add(instance.slug)

    def waits(self, row: Mapped, instance: Course) -> bool:
        return instance.instructor_id is None and bool(
            row.fields["legacy_instructor_id"] or row.fields["instructor_email"]
        )

    def is_other_than(self, row: Mapped, instance: Course) -> bool:
        return same_title(str(row.fields["title"])) != same_title(instance.title)

    def decided_elsewhere(self, row: Mapped, instance: Course) -> set[str]:
        """The address of who teaches may have found its owner since."""
        is_decided = instance.instructor_id is None or row.fields["legacy_instructor_id"]
        return set() if is_decided else {"instructor_id"}

    def _slug(self, row: Mapped) -> str:
        return free_slug(stem_of(str(row.fields["slug"] or row.fields["title"]))[:LONGEST_SLUG], self.slugs)
