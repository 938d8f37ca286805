"""Places that the staff give and take back."""

from django.db import transaction

from audit.actor import Actor
from courses.models import Course, Enrollment
from courses.services.enrolling import begin_enrollment
from courses.services.grants import Kind, grant_access, hold_course, withdraw_access
from courses.slugs import reads_as_id
from courses.states import Status
from titanobova.errors import DomainError, FieldError
from users.identity import canonical_email
from users.models import User


class NotGivenByHand(DomainError):
    """Nobody of the staff gave this place, or somebody took it back already."""

    code, status, message = "not_given_by_hand", 409, "This enrolment does not rest on a place given by the staff."


@transaction.atomic
def give_place(*, user: str, course: str, by: Actor) -> Enrollment:
    """Open `course` (a slug or id, drafts too) for `user` (an id or e-mail), on the word of the staff.

    What the person had in the course goes on where it ended: their progress and their certificate come back.

    :raises FieldError: on `user` or `course`, when there is none.
    :raises CourseFull: when no seat is left.
    """
    person, wanted = _person(user), _course(course)
    hold_course(wanted.pk)
    theirs = Enrollment.objects.filter(user=person, course=wanted)
    enrollment = theirs.live().first() or theirs.first() or begin_enrollment(person, wanted, by=by)
    return grant_access(enrollment, kind=Kind.MANUAL, by=by)


def take_place_back(enrollment: Enrollment, *, by: Actor) -> Enrollment:
    """Take back what the staff gave; other grounds, such as a payment, keep the enrolment open.

    :raises NotGivenByHand: when they gave nothing that still stands.
    """
    if not withdraw_access(enrollment, kind=Kind.MANUAL, ended_as=Status.CANCELLED, by=by):
        raise NotGivenByHand
    return enrollment


def _person(id_or_email: str) -> User:
    people = User.objects.filter(is_active=True)
    is_id = reads_as_id(id_or_email)
    found = people.filter(**({"pk": id_or_email} if is_id else {"email_canonical": canonical_email(id_or_email)}))
    if (person := found.first()) is None:
        raise FieldError("user", "There is no such account.", "does_not_exist")
    return person


def _course(slug_or_id: str) -> Course:
    if (course := Course.objects.named(slug_or_id).first()) is None:
        raise FieldError("course", "There is no such course.", "does_not_exist")
    return course
