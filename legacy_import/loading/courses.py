"""Courses that old rows name by an old id or only by their title."""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from uuid import UUID

from django.utils.text import slugify

from courses.models import Course
from courses.titles import same_title
from legacy_import.loading.checksums import checksum_of_object
from legacy_import.loading.outcome import BatchCounts, RowRefusedError
from legacy_import.models import OF_A_TITLE, ImportedRecord, ImportRun
from legacy_import.rows import ImportOptions, Mapped

KIND = "courses"
COLUMNS = ("title",)
READABLE_KEY = 100  # characters


class CourseFinder:
    """The courses that the rows of one batch mean; a title that nobody knows becomes an unpublished course.

    The record of a course made here keeps its old title, so that staff may rename it and a rerun still finds it.
    """

    def __init__(
        self, run: ImportRun, options: ImportOptions, counts: BatchCounts, *, makes_courses: bool = True
    ) -> None:
        self.run, self.options, self.counts, self.makes_courses = run, options, counts, makes_courses
        self.by_id: dict[str, UUID] = {}
        self.by_title: dict[str, UUID] = {}

    def look_up(self, rows: Sequence[Mapped]) -> None:
        """Find the courses of all rows, and make those that are missing, in five queries at most."""
        ids = {str(old_id) for row in rows if (old_id := row.fields.get("legacy_course_id"))}
        titles: dict[str, str] = {}
        for title in filter(None, map(_title, rows)):
            titles.setdefault(same_title(title), title)
        known = self._known([*ids, *map(_key, titles)])
        self.by_id = {old_id: known[old_id] for old_id in ids if old_id in known}
        self.by_title = {same: known[_key(same)] for same in titles if _key(same) in known}
        unresolved = {same: title for same, title in titles.items() if same not in self.by_title}
        if unresolved:
            self._find_or_make(unresolved)

    def course_of(self, row: Mapped) -> UUID:
        """Return the id of the row's course.

        :raises RowRefusedError: if there is only an old id, and no course came with it
        """
        old_id = row.fields.get("legacy_course_id")
        if old_id and str(old_id) in self.by_id:
            return self.by_id[str(old_id)]
        if title := _title(row):
            return self.by_title[same_title(title)]
        raise RowRefusedError(f"its course {old_id} was not imported, and it names no title")

    def _known(self, legacy_ids: Iterable[str]) -> dict[str, UUID]:
        records = ImportedRecord.objects.filter(kind=KIND, legacy_id__in=list(legacy_ids))
        found = dict(records.values_list("legacy_id", "object_id"))
        here = set(Course.objects.filter(pk__in=found.values()).values_list("pk", flat=True)) if found else set()
        return {legacy_id: pk for legacy_id, pk in found.items() if pk in here}

    def _find_or_make(self, titles: dict[str, str]) -> None:
        """Match by title, a published course first, then the oldest; make what is left."""
        slugs = set()
        for pk, title, slug in Course.objects.order_by("-is_published", "pk").values_list("pk", "title", "slug"):
            slugs.add(slug)
            if (same := same_title(title)) in titles:
                self.by_title.setdefault(same, pk)
        missing = {same: title for same, title in titles.items() if same not in self.by_title}
        if not (missing and self.makes_courses):
            return
        made = {same: self._make(title, slugs) for same, title in missing.items()}
        Course.objects.bulk_create(made.values())
        ImportedRecord.objects.filter(kind=KIND, legacy_id__in=[_key(same) for same in made]).delete()
        ImportedRecord.objects.bulk_create(self._record(same, course) for same, course in made.items())
        self.by_title |= {same: course.pk for same, course in made.items()}
        self.counts.courses_created += [course.title for course in made.values()]

    def _make(self, title: str, slugs: set[str]) -> Course:
        title = " ".join(title.split())
        stem = slugify(title)[:100].strip("-") or "course"
        slug, number = stem, 1
        while slug in slugs:
            number += 1
            slug = f"{stem}-{number}"
        slugs.add(slug)
        return Course(title=title, slug=slug, currency=self.options.currency, is_imported=True)

    def _record(self, same: str, course: Course) -> ImportedRecord:
        written = checksum_of_object(course, COLUMNS)
        return ImportedRecord(
            kind=KIND, legacy_id=_key(same), object_id=course.pk, run=self.run, checksum=written, written=written
        )


def _title(row: Mapped) -> str:
    return str(row.fields.get("course_title") or "")


def _key(same: str) -> str:
    """A long title is kept as its digest: the column is for ids."""
    return OF_A_TITLE + (same if len(same) <= READABLE_KEY else sha256(same.encode()).hexdigest())
