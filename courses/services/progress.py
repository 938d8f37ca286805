"""How far somebody is in a course."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from audit.actor import Actor
from audit.services import record
from courses.models import Enrollment, Lesson, LessonProgress
from courses.services.completing import complete_if_all_lessons_are_done
from courses.services.finding import NotEnrolled
from courses.services.lessons import UnknownLesson, get_lesson_to_study
from titanobova.constraints import checked_now
from users.models import User

NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class LessonState:
    """A lesson as one participant sees it."""

    lesson: Lesson
    position_seconds: int = 0
    completed_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True)
class CourseState:
    """All lessons of a course as one participant sees them, in order."""

    lessons: list[LessonState]

    @property
    def percent(self) -> int:
        """How many of a hundred lessons are done, rounded down: 100 means all of them."""
        done = sum(state.completed_at is not None for state in self.lessons)
        return done * 100 // len(self.lessons) if self.lessons else 0

    @property
    def resume_at(self) -> LessonState | None:
        """Where to go on: in the unfinished lesson that was open last, else in the first; None when all are done."""
        unfinished = [state for state in self.lessons if state.completed_at is None]
        return max(unfinished, key=lambda state: state.updated_at or NEVER, default=None)


def state_of(enrollment: Enrollment) -> CourseState:
    """Return how far the participant is in each lesson, in two queries."""
    known = {progress.lesson_id: progress for progress in enrollment.progress.all()}
    outline = Lesson.objects.filter(course=enrollment.course_id).only("position", "title").order_by("position")
    return CourseState([_state(lesson, known.get(lesson.pk)) for lesson in outline])


@transaction.atomic
def note_progress(
    person: User, lesson_id: UUID, *, by: Actor, position_seconds: int | None = None, completed: bool = False
) -> LessonProgress:
    """Remember where in a lesson the person is, and whether they are through; being through is never taken back.

    The first word of a lesson and its end are recorded; where the video was left in between comes every few seconds
    and is not. The last lesson completes the enrolment.

    :raises UnknownLesson: when the person may not even know of the lesson.
    :raises NotEnrolled: when they have no seat in its course.
    """
    enrollment = _seat(person, lesson_id, held=completed)
    if position_seconds is None or not _moved(enrollment, lesson_id, position_seconds):
        _begin(enrollment, lesson_id, position_seconds or 0, by=by)
    progress = LessonProgress.objects.get(enrollment=enrollment, lesson=lesson_id)
    unfinished = LessonProgress.objects.filter(pk=progress.pk, completed_at=None)
    if completed and unfinished.update(completed_at=timezone.now(), updated_at=timezone.now()):
        record("update", "courses.lesson.completed", by=by, on=enrollment, details={"lesson": lesson_id})
        progress.refresh_from_db()
    if completed:
        complete_if_all_lessons_are_done(enrollment, by=by)
    return progress


def _seat(person: User, lesson_id: UUID, *, held: bool) -> Enrollment:
    """Return the person's open enrolment in the lesson's course.

    `held` locks its row: of two last lessons that are completed at once, the second sees the first.
    """
    seats = Enrollment.objects.seated().filter(user=person, course__lessons=lesson_id)
    found = (seats.select_for_update(no_key=True, of=("self",)) if held else seats).first()
    if found is None:
        get_lesson_to_study(person, lesson_id)
        raise NotEnrolled
    return found


def _moved(enrollment: Enrollment, lesson_id: UUID, position_seconds: int) -> bool:
    begun = LessonProgress.objects.filter(enrollment=enrollment, lesson=lesson_id)
    return bool(begun.update(position_seconds=position_seconds, updated_at=timezone.now()))


def _begin(enrollment: Enrollment, lesson_id: UUID, position_seconds: int, *, by: Actor) -> None:
    """Make the row of a lesson; of parallel calls the constraint lets one, and the others find it.

    :raises UnknownLesson: when the lesson was deleted meanwhile.
    """
    defaults = {"position_seconds": position_seconds}
    try:
        with checked_now():
            _, is_new = LessonProgress.objects.get_or_create(
                enrollment=enrollment, lesson_id=lesson_id, defaults=defaults
            )
    except IntegrityError:
        raise UnknownLesson from None
    if is_new:
        record("create", "courses.lesson.begun", by=by, on=enrollment, details={"lesson": lesson_id})


def _state(lesson: Lesson, progress: LessonProgress | None) -> LessonState:
    if progress is None:
        return LessonState(lesson)
    return LessonState(lesson, progress.position_seconds, progress.completed_at, progress.updated_at)
