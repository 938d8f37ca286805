"""`--undo`: exactly what a run created and nobody has touched since goes; all else stays as it is, with the reason."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, connections
from django.utils import timezone

from audit.actor import Actor
from contacts.models import Contact
from courses.models import Course, Enrollment, EnrollmentGrant, EnrollmentRequest
from courses.services.grants import grant_access
from legacy_import import undoing
from legacy_import.models import ImportedRecord, OldPayment
from legacy_import.undoing import Undone, undo
from tests.legacy_import.conftest import MakeSqlite
from tests.legacy_import.imports import counted, dump, everything_stored, import_from
from tests.legacy_import.test_import_dirty_rows import (
    CONTACTS,
    ENROLLMENTS,
    REGISTRATIONS,
    USERS,
    contact,
    enrollment,
    user,
)
from tests.legacy_import.test_import_operation import shop as shop  # noqa: PLC0414 - a fixture
from users.models import User

pytestmark = pytest.mark.django_db
CHANGED, AGAIN, REFERRED = "it was changed since", "it was written again since", "something refers to it"


@pytest.fixture(autouse=True, params=[500, 1], ids=["in one part", "one by one"])
def _in_parts(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is undone together must not matter."""
    monkeypatch.setattr(undoing, "AT_ONCE", request.param)


def left(undone: Undone) -> list[str]:
    """Return what was left: kind, old id and reason."""
    return [" ".join(line.split(" ")[:2]) + line.partition(")")[2] for line in undone.named]


def object_of(kind: str, legacy_id: object) -> Any:
    """Return the id of what an old row became."""
    return ImportedRecord.objects.get(kind=kind, legacy_id=str(legacy_id)).object_id


# --- What goes --------------------------------------------------------------------------------------------------
def test_all_that_a_run_made_of_users_courses_enrolments_and_payments_goes(shop: Path) -> None:
    before = everything_stored()
    run = import_from(shop).run
    imported = dump()
    assert OldPayment.objects.count() == 3

    undone = undo(run)

    assert (undone.named, undone.left) == ([], 0)
    assert everything_stored() == before
    assert not OldPayment.objects.exists()
    import_from(shop)
    assert dump() == imported


def test_rows_that_were_merged_into_one_go_with_it(make_sqlite: MakeSqlite) -> None:
    states = enumerate(["pending", "active", "completed"], start=1)
    old = make_sqlite(
        USERS + ENROLLMENTS + CONTACTS + user(1, "Ada@Example.com") + user(2, " ada@example.COM")
        + "".join(enrollment(number, 1 + number % 2, state) for number, state in states)
        + contact(1, "ada@example.com")
    )  # fmt: skip
    before = everything_stored()
    report = import_from(old)
    imported = dump()
    assert sum(table.merged for table in report.tables) == 3

    undone = undo(report.run)

    assert undone.removed == {
        "enrollments": 1,
        "contacts": 1,
        "courses": 1,
        "users": 1,
    }
    assert everything_stored() == before
    import_from(old)
    assert dump() == imported


def test_what_a_merged_row_became_later_goes_with_the_run_that_made_it(make_sqlite: MakeSqlite) -> None:
    old = make_sqlite(USERS + user(1, "a@example.com") + user(2, "A@example.com"))
    import_from(old)
    make_sqlite("UPDATE users SET email = 'own@example.com' WHERE id = 2")
    second = import_from(old)
    assert counted(second, "users") == {"created": 1, "unchanged": 1}

    undone = undo(second.run)

    assert (undone.removed["users"], undone.left) == (1, 0)
    assert [account.email for account in User.objects.all()] == ["a@example.com"]
    assert counted(import_from(old), "users") == {"created": 1, "unchanged": 1}


# --- What was here before ---------------------------------------------------------------------------------------
def test_an_account_that_rows_were_merged_into_stays_as_it_was(make_sqlite: MakeSqlite) -> None:
    here = User.objects.create(email="here@example.com", email_verified=True, first_name="Own")
    course = Course.objects.create(title="Course", slug="course", is_published=True)
    waiting = Enrollment.objects.create(user=here, course=course)
    old = make_sqlite(
        USERS + ENROLLMENTS + CONTACTS + user(1, "HERE@example.com", name="Other Name") + contact(1, "here@example.com")
        + enrollment(1, 1, "completed") + enrollment(2, 1, "active", title="Only There")
    )  # fmt: skip
    before = everything_stored()

    undone = undo(import_from(old).run)

    assert undone.left == 0
    assert without_grants(everything_stored()) == without_grants(before)
    assert not EnrollmentGrant.objects.standing().exists()
    assert Enrollment.objects.get() == waiting


def without_grants(stored: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """Leave out grants: those that were withdrawn stay, so that the story can be told."""
    return {name: rows for name, rows in stored.items() if name != "courses.EnrollmentGrant"}


def test_an_enrolment_that_is_open_on_other_grounds_stays_open(make_sqlite: MakeSqlite) -> None:
    here = User.objects.create(email="here@example.com", email_verified=True)
    course = Course.objects.create(title="Course", slug="course", is_published=True)
    paid = grant_access(Enrollment.objects.create(user=here, course=course), kind="manual", by=Actor())
    old = make_sqlite(USERS + ENROLLMENTS + user(1, "here@example.com") + enrollment(1, 1, "completed"))

    undo(import_from(old).run)

    paid.refresh_from_db()
    assert paid.status == "active"
    assert [grant.kind for grant in paid.grants.standing()] == ["manual"]


# --- What somebody has touched ----------------------------------------------------------------------------------
def test_an_enrolment_made_here_stays_with_its_imported_person_and_course(make_sqlite: MakeSqlite) -> None:
    old = make_sqlite(
        USERS + ENROLLMENTS + user(1, "a@example.com") + user(2, "b@example.com") + enrollment(1, 2, "active")
    )
    run = import_from(old).run
    own = Course.objects.create(title="Made here", slug="made-here")
    visitor = User.objects.create(email="visitor@example.com")
    by_hand = Enrollment.objects.create(user_id=object_of("users", 1), course=own)
    other = Enrollment.objects.create(user=visitor, course=Course.objects.get(title="Course"))

    undone = undo(run)

    assert left(undone) == [f"courses title:course: {REFERRED}", f"users 1: {REFERRED}"]
    assert set(Enrollment.objects.all()) == {by_hand, other}
    assert set(User.objects.values_list("email", flat=True)) == {"a@example.com", "visitor@example.com"}


@pytest.mark.parametrize(
    "touch",
    [
        lambda account: User.objects.filter(pk=account.pk).update(is_superuser=True),
        lambda account: User.objects.filter(pk=account.pk).update(totp_pending_secret="secret"),
        lambda account: User.objects.filter(pk=account.pk).update(profile_picture="a.png"),
        lambda account: User.objects.filter(pk=account.pk).update(requested_user_type="instructor"),
        lambda account: account.groups.add(Group.objects.create(name="Teachers")),
    ],
    ids=["rights", "second factor", "picture", "wish", "group"],
)
def test_an_account_that_was_touched_in_anything_stays(
    touch: Callable[[User], object], make_sqlite: MakeSqlite
) -> None:
    run = import_from(make_sqlite(USERS + user(1, "a@example.com") + user(2, "b@example.com"))).run
    touch(User.objects.get(email="a@example.com"))

    undone = undo(run)

    assert [line.split(":")[0] for line in left(undone)] == ["users 1"]
    assert User.objects.get().email == "a@example.com"


def test_a_message_that_staff_judged_or_its_sender_claimed_stays(make_sqlite: MakeSqlite, staff: User) -> None:
    old = make_sqlite(CONTACTS + "".join(contact(number, "a@example.com") for number in range(1, 5)))
    run = import_from(old).run
    Contact.objects.filter(pk=object_of("contacts", 1)).update(is_spam=True, spam_decided_by=staff)
    Contact.objects.filter(pk=object_of("contacts", 2)).update(user=staff, claimed_at=timezone.now())
    Contact.objects.filter(pk=object_of("contacts", 3)).update(status="closed")

    undone = undo(run)

    assert left(undone) == [f"contacts {number}: {CHANGED}" for number in (1, 2, 3)]
    assert Contact.objects.count() == 3


@pytest.mark.parametrize(
    "touched",
    [{"is_published": True}, {"price": 10}, {"currency": "eur"}, {"description": "New"}, {"title": "Renamed"}],
    ids=lambda touched: next(iter(touched)),
)
def test_a_course_made_of_a_title_stays_once_staff_made_something_of_it(
    touched: dict[str, object], make_sqlite: MakeSqlite
) -> None:
    rows = enrollment(1, 1, "active", title="Kept") + enrollment(2, 1, "active", title="Gone")
    run = import_from(make_sqlite(USERS + ENROLLMENTS + user(1, "a@example.com") + rows)).run
    Course.objects.filter(title="Kept").update(**touched)

    undone = undo(run)

    assert left(undone) == [f"courses title:kept: {CHANGED}"]
    assert (Course.objects.count(), Enrollment.objects.count(), User.objects.count()) == (1, 0, 0)


def test_a_request_that_led_to_an_enrolment_stays_with_it(make_sqlite: MakeSqlite) -> None:
    person = User.objects.create(email="a@example.com", email_verified=True)
    course = Course.objects.create(title="Course", slug="course", is_published=True)
    rows = [f"({number}, 'A B', '{email}', 'Course', 100, 1, '2023-02-02', '2023-01-01')" for number, email in
            enumerate(["a@example.com", "b@example.com"], start=1)]  # fmt: skip
    run = import_from(make_sqlite(f"{REGISTRATIONS} INSERT INTO registrations VALUES {', '.join(rows)}")).run

    undone = undo(run)

    assert left(undone) == [f"registrations 1: {CHANGED}"]
    assert EnrollmentRequest.objects.get().enrollment == Enrollment.objects.get(user=person, course=course)
    assert Enrollment.objects.get().status == "active"


def test_an_enrolment_that_stays_keeps_what_its_merged_rows_gave_it(make_sqlite: MakeSqlite) -> None:
    old = make_sqlite(
        USERS + ENROLLMENTS + user(1, "a@example.com") + enrollment(1, 1, "pending") + enrollment(2, 1, "active")
    )
    run = import_from(old).run
    taken = Enrollment.objects.get()
    lesson = taken.course.lessons.create(position=1, title="First")
    taken.progress.create(lesson=lesson)
    before = everything_stored()

    undone = undo(run)

    assert sum(undone.reasons.values()) == len(undone.named) == 3
    assert left(undone)[0] == f"enrollments 1: {REFERRED}"
    assert everything_stored() == before
    assert counted(import_from(old), "enrollments") == {"unchanged": 2}


def test_what_was_deleted_here_does_not_come_back_after_all(make_sqlite: MakeSqlite) -> None:
    old = make_sqlite(CONTACTS + contact(1, "a@example.com") + contact(2, "a@example.com"))
    run = import_from(old).run
    Contact.objects.filter(pk=object_of("contacts", 1)).delete()

    undone = undo(run)

    assert (undone.removed["contacts"], undone.left, undone.deleted_here) == (1, 0, 1)
    assert "Deleted here before: 1, which no later run brings back" in undone.as_text()
    assert counted(import_from(old), "contacts") == {"created": 1, "unchanged": 1}


# --- Other runs -------------------------------------------------------------------------------------------------
def test_what_a_later_run_wrote_again_is_of_both_and_stays(make_sqlite: MakeSqlite) -> None:
    old = make_sqlite(
        CONTACTS + contact(1, "a@example.com") + contact(2, "a@example.com") + contact(3, "a@example.com")
    )
    first = import_from(old).run
    make_sqlite(
        "UPDATE contacts SET message = 'Second' WHERE id = 1; UPDATE contacts SET message = 'Hello ' WHERE id = 2"
    )
    second = import_from(old)
    assert counted(second, "contacts") == {"updated": 2, "unchanged": 1}
    make_sqlite("UPDATE contacts SET message = 'Hello' WHERE id = 2")
    before = everything_stored()

    undone = undo(second.run)

    assert (undone.left, sum(undone.removed.values())) == (0, 0)
    assert everything_stored() == before
    assert left(undo(first)) == [f"contacts 1: {AGAIN}", f"contacts 2: {AGAIN}"]
    assert counted(import_from(old), "contacts") == {"created": 1, "updated": 1, "unchanged": 1}


def test_a_row_that_a_later_run_only_looked_at_again_goes_with_its_own_run(make_sqlite: MakeSqlite) -> None:
    old = make_sqlite(CONTACTS + contact(1, "a@example.com"))
    first = import_from(old).run
    make_sqlite("UPDATE contacts SET name = ' Name'")
    assert counted(import_from(old), "contacts") == {"unchanged": 1}

    assert undo(first).left == 0
    assert not Contact.objects.exists()


@pytest.mark.parametrize("later", ["", enrollment(1, 2, "active")], ids=["alone", "with an enrolment"])
def test_an_account_that_a_row_of_a_later_run_was_merged_into_stays_until_that_run_goes(
    later: str, make_sqlite: MakeSqlite
) -> None:
    old = make_sqlite(USERS + ENROLLMENTS + user(1, "a@example.com"))
    before = everything_stored()
    first = import_from(old).run
    make_sqlite(user(2, "A@example.com") + later)
    second = import_from(old).run
    imported = dump()

    assert left(undo(first)) == [f"users 1: {REFERRED}"]

    assert dump() == imported
    assert counted(import_from(old), "users") == {"unchanged": 2}
    assert undo(second).left == 0
    assert undo(first).left == 0
    assert everything_stored() == before
    import_from(old)
    assert dump() == imported


def test_what_waited_for_a_payment_or_a_row_of_a_later_run_waits_again(shop: Path, make_sqlite: MakeSqlite) -> None:
    make_sqlite(
        "INSERT INTO enrollments VALUES (3, 2, 6, 'pending', '2023-02-01'); ALTER TABLE payments RENAME TO later"
    )
    nothing = everything_stored()
    first = import_from(shop).run
    before = dump()
    make_sqlite(
        "ALTER TABLE later RENAME TO payments; INSERT INTO enrollments VALUES (4, 2, 6, 'active', '2023-03-01')"
    )
    second = import_from(shop).run
    states = Enrollment.objects.order_by("user__email", "course__title").values_list("status", flat=True)
    assert list(states.all()) == ["active", "active", "active"]
    imported = dump()

    undone = undo(second)

    assert undone.left == 0
    assert list(states.all()) == ["pending", "pending", "active"]
    assert {name: rows for name, rows in dump().items() if name != "grants"} == {
        name: rows for name, rows in before.items() if name != "grants"
    }
    third = import_from(shop).run
    assert dump() == imported
    assert undo(third).left == undo(first).left == 0
    assert everything_stored() == nothing


# --- At the same time -------------------------------------------------------------------------------------------
@pytest.mark.external  # SQLite has one writer
@pytest.mark.django_db(transaction=True)
def test_who_refers_to_an_account_at_that_moment_comes_too_late(
    make_sqlite: MakeSqlite, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = import_from(make_sqlite(USERS + user(1, "a@example.com"))).run
    course = Course.objects.create(title="Course", slug="course")
    account = User.objects.get()
    outcomes: list[object] = []

    def enroll() -> None:
        try:
            outcomes.append(Enrollment.objects.create(user_id=account.pk, course=course))
        except IntegrityError as error:
            outcomes.append(error)
        finally:
            connections.close_all()

    other = threading.Thread(target=enroll)
    look = undoing._Kind._used

    def look_and_be_late(self: Any, ids: Any) -> Any:
        found = look(self, ids)
        if self.model is User:
            other.start()
            other.join(1)  # it waits for the lock, or else has enrolled by now
        return found

    monkeypatch.setattr(undoing._Kind, "_used", look_and_be_late)
    undone = undo(run)
    other.join(10)

    assert (undone.removed["users"], undone.left) == (1, 0)
    assert [type(outcome) for outcome in outcomes] == [IntegrityError]
    assert not Enrollment.objects.exists()
