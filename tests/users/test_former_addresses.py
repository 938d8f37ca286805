"""What was mailed to an address that an account had before goes with the person, and nobody else's mail does."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.actor import Actor
from tests.conftest import PASSWORD, client_of, desk_of, make_user
from titanobova.email import send_later
from titanobova.models import OutgoingMail
from users.models import FormerAddress, User
from users.services.addresses import change_email, confirm_email
from users.services.links import Purpose, issue
from users.services.privacy import erase_account

pytestmark = pytest.mark.django_db

NEW = "grace@new.example.com"


@pytest.fixture
def person(staff: User, student: User) -> User:
    """Somebody who has never logged in, and whose address staff have replaced in the admin."""
    desk, page = desk_of(staff), f"/admin/users/user/{student.pk}/change/"
    form = desk.get(page).context["adminform"].form
    sent = {name: value for name in form.fields if (value := form.initial.get(name))}
    assert desk.post(page, {**sent, "email": NEW}).status_code == 302
    student.refresh_from_db()
    return student


def erase(user: User, actor: Actor) -> None:
    erase_account(user, password=PASSWORD, by=actor.as_user(user))


def test_the_notice_at_an_address_that_staff_replaced_is_blanked(person: User, actor: Actor) -> None:
    notice = OutgoingMail.objects.get(recipient="student@example.com")
    assert NEW in notice.text

    erase(person, actor)

    notice.refresh_from_db()
    assert (notice.recipient, notice.subject, notice.text) == (f"erased-{person.pk}@erased.invalid", "", "")
    assert not FormerAddress.objects.exists()
    assert not [mail for mail in OutgoingMail.objects.all() if NEW in f"{mail.recipient} {mail.text}"]


def test_so_is_the_notice_when_the_address_has_another_account_by_now(person: User, actor: Actor) -> None:
    notice = OutgoingMail.objects.get(recipient="student@example.com")
    other = make_user("student@example.com")
    theirs = send_later("session_ended", to=other.email, subject="To Otto")
    OutgoingMail.objects.filter(pk=theirs.pk).update(created_at=timezone.now() + timedelta(minutes=1))

    erase(person, actor)

    notice.refresh_from_db()
    theirs.refresh_from_db()
    assert (notice.text, theirs.subject) == ("", "To Otto")


@pytest.mark.parametrize(
    ("age", "reply_to", "is_blanked"),
    [
        (timedelta(hours=1), "", True),  # the account had the address then
        (timedelta(hours=1), "support@titanobova.com", False),  # an answer to whoever wrote from there
        (timedelta(days=3), "", False),  # before there was the account
        (-timedelta(minutes=1), "", False),  # after the address was replaced
    ],
)
def test_of_other_mail_to_the_address_only_what_was_about_the_account_is_blanked(
    person: User, actor: Actor, age: timedelta, reply_to: str, is_blanked: bool
) -> None:
    User.objects.filter(pk=person.pk).update(created_at=timezone.now() - timedelta(days=1))
    person.refresh_from_db()
    mail = send_later("session_ended", to="Student@Example.com", subject="Hello", reply_to=reply_to)
    OutgoingMail.objects.filter(pk=mail.pk).update(created_at=timezone.now() - age)

    erase(person, actor)

    mail.refresh_from_db()
    assert (mail.subject == "") is is_blanked


def test_the_address_that_its_owner_has_replaced_is_remembered_too(student: User, actor: Actor) -> None:
    by = actor.as_user(student)
    change_email(student, email=NEW, password=PASSWORD, by=by)
    confirm_email(issue(student, Purpose.CHANGE_EMAIL, to=NEW), by=by)
    student.refresh_from_db()
    assert OutgoingMail.objects.filter(recipient="student@example.com").count() == 2

    erase(student, actor)

    assert set(OutgoingMail.objects.values_list("recipient", "text")) == {(f"erased-{student.pk}@erased.invalid", "")}


def test_who_takes_their_data_along_reads_their_former_addresses(person: User) -> None:
    known = client_of(person).get("/api/v1/users/export/").json()["users"]

    assert [former["email"] for former in known["former_addresses"]] == ["student@example.com"]


def test_the_mails_are_found_by_the_index_of_recipients(person: User, actor: Actor) -> None:
    if connection.vendor != "postgresql":
        return  # SQLite compares without regard to case row by row
    with CaptureQueriesContext(connection) as asked:
        erase(person, actor)

    [blanking] = [query["sql"] for query in asked if "BETWEEN" in query["sql"] and '"text" = ' in query["sql"]]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {blanking}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "mail_by_recipient" in plan
    assert "Seq Scan" not in plan
