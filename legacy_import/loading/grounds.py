"""The grounds that the old site gives: each of its active or completed rows holds an enrolment open here.

Written in bulk, by the rules of courses/services/grants.py: access ends with the last ground, and a certificate counts
while its enrolment is open.
"""

from collections.abc import Collection, Mapping
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from courses.models import Certificate, Enrollment, EnrollmentGrant
from courses.states import Status
from legacy_import.aliases import Kind
from legacy_import.loading.checksums import checksum_of_object
from legacy_import.models import ImportedRecord

COLUMNS = ("user_id", "course_id", "status", "completed_at", "created_at")  # of an enrolment, owned by the import
IMPORT = EnrollmentGrant.Kind.IMPORT


def held_open_otherwise(legacy_ids: Collection[str]) -> set[UUID]:
    """Return which enrolments of these rows stay open without them: by a payment, the staff or other rows."""
    rows = ImportedRecord.objects.filter(kind=Kind.ENROLLMENTS, legacy_id__in=legacy_ids)
    standing = EnrollmentGrant.objects.standing().filter(enrollment__in=rows.values("object_id"))
    others = standing.exclude(kind=IMPORT, reference__in=legacy_ids)
    return set(others.values_list("enrollment_id", flat=True))


def ended_otherwise(legacy_ids: Collection[str]) -> set[UUID]:
    """Return which enrolments of these rows were opened by the import of other rows, and ended with them."""
    rows = ImportedRecord.objects.filter(kind=Kind.ENROLLMENTS, legacy_id__in=legacy_ids)
    withdrawn = EnrollmentGrant.objects.filter(kind=IMPORT, withdrawn_at__isnull=False)
    ended = withdrawn.filter(enrollment__in=rows.values("object_id"), enrollment__status=Status.CANCELLED)
    return set(ended.values_list("enrollment_id", flat=True))


def store_grounds(grounds: Mapping[str, Enrollment], *, of_rows: Collection[str]) -> None:
    """Let the rows `of_rows` hold open what `grounds` says by their old ids, and nothing else."""
    EnrollmentGrant.objects.bulk_create(
        [_grant(reference, enrollment) for reference, enrollment in grounds.items()],
        update_conflicts=True,
        unique_fields=["enrollment", "kind", "reference"],
        update_fields=["withdrawn_at"],
    )
    _take_back(grounds, of_rows)
    held_open = {enrollment.pk for enrollment in grounds.values()}
    Certificate.objects.filter(enrollment__in=held_open, revoked_at__isnull=False).update(revoked_at=None)


def rename_ground(enrollment: UUID, before: str, after: str) -> None:
    """Let the ground of a row go by another name, that no row which has the old one now takes it back."""
    EnrollmentGrant.objects.filter(enrollment=enrollment, kind=IMPORT, reference=before).update(reference=after)


def forget_grounds(of_rows: Collection[str]) -> None:
    """Take the grounds of these rows away as if the rows had never come: what waited to be opened waits again."""
    grants = EnrollmentGrant.objects.filter(kind=IMPORT, reference__in=of_rows)
    opened = list(grants.standing().values_list("enrollment_id", flat=True))
    if not opened:
        return
    store_grounds({}, of_rows=of_rows)
    others = EnrollmentGrant.objects.filter(enrollment=OuterRef("pk")).exclude(pk__in=grants.values("pk"))
    came = set(_owners(opened).values_list("object_id", flat=True)) - _changed_here(opened)
    # A row that is a ground itself has a grant; one that was cancelled was never opened by another.
    for one in Enrollment.objects.filter(~Exists(others), pk__in=came, status=Status.CANCELLED):
        owner = _owners([one.pk]).select_related("run").get()
        one.status, one.completed_at, one.updated_at = Status.PENDING, None, owner.run.finished_at or timezone.now()
        Enrollment.objects.bulk_update([one], ["status", "completed_at", "updated_at"])
        _owners([one.pk]).update(written=checksum_of_object(one, COLUMNS))


def open_pending(ids: Collection[UUID]) -> None:
    """Open those of these enrolments that came waiting to be paid, as long as nobody here changed them."""
    came = set(_owners(ids).values_list("object_id", flat=True)) - _changed_here(ids)
    pending = Enrollment.objects.filter(pk__in=came, status=Status.PENDING)
    opened = list(pending.values_list("pk", flat=True))
    Enrollment.objects.filter(pk__in=opened).move(Status.ACTIVE)
    for one in Enrollment.objects.filter(pk__in=opened):
        _owners([one.pk]).update(written=checksum_of_object(one, COLUMNS))


def _grant(reference: str, enrollment: Enrollment) -> EnrollmentGrant:
    return EnrollmentGrant(
        enrollment=enrollment, kind=IMPORT, reference=reference, granted_at=enrollment.created_at, withdrawn_at=None
    )


def _take_back(grounds: Mapping[str, Enrollment], of_rows: Collection[str]) -> None:
    standing = EnrollmentGrant.objects.standing().filter(kind=IMPORT, reference__in=of_rows)
    lost = [grant for grant in standing if _stands_elsewhere(grant, grounds)]
    kept = _changed_here({grant.enrollment_id for grant in lost})
    gone = [grant for grant in lost if grant.enrollment_id not in kept]
    if gone:
        EnrollmentGrant.objects.filter(pk__in=[grant.pk for grant in gone]).update(withdrawn_at=timezone.now())
        _end({grant.enrollment_id for grant in gone})


def _stands_elsewhere(grant: EnrollmentGrant, grounds: Mapping[str, Enrollment]) -> bool:
    meant = grounds.get(grant.reference)
    return meant is None or meant.pk != grant.enrollment_id


def _changed_here(ids: Collection[UUID]) -> set[UUID]:
    """Return which of these enrolments somebody here changed since the import wrote them; they stay as they are."""
    owners = dict(_owners(ids).values_list("object_id", "written"))
    here = Enrollment.objects.in_bulk([pk for pk in ids if pk in owners])
    return {pk for pk, one in here.items() if owners[pk] != checksum_of_object(one, COLUMNS)}


def _end(ids: Collection[UUID]) -> None:
    """End those that nothing holds open any more; their owners' checksums follow, for nobody here changed them."""
    standing = EnrollmentGrant.objects.standing().filter(enrollment=OuterRef("pk"))
    bare = Enrollment.objects.filter(~Exists(standing), pk__in=ids)
    Certificate.objects.filter(enrollment__in=bare, revoked_at__isnull=True).update(revoked_at=timezone.now())
    open_ones = list(bare.seated())
    Enrollment.objects.filter(pk__in=[one.pk for one in open_ones]).move(Status.CANCELLED)
    for one in Enrollment.objects.filter(pk__in=[one.pk for one in open_ones]):
        _owners([one.pk]).update(written=checksum_of_object(one, COLUMNS))


def _owners(ids: Collection[UUID]) -> "QuerySet[ImportedRecord]":
    return ImportedRecord.objects.filter(kind=Kind.ENROLLMENTS, object_id__in=list(ids), is_merged=False)
