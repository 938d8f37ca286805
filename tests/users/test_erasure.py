"""A person is erased (contract 2.14): what has to stay names nobody any more."""

from pathlib import Path
from typing import Any

import pyotp
import pytest
from django.contrib.auth.models import Group
from django.db import transaction
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings
from rest_framework.test import APIClient

from audit.actor import Actor
from audit.models import AuditLog
from contacts.models import Contact
from courses.models import Course, Enrollment, EnrollmentRequest
from payments.models import Payment, WebhookEvent
from tests.conftest import PASSWORD, RunTogether, client_of, make_user
from tests.payments.conftest import SECRET
from tests.users import lives
from titanobova.email import send_later
from titanobova.models import OutgoingMail
from users import extension_points
from users.models import KnownSource, LoginAttempt, MailedLink, PendingLogin, Session, User
from users.services import second_factor
from users.services.privacy import erase_account

API = "/api/v1/"
PROFILE = f"{API}users/profile/"
KEPT = {"id", "password", "email", "email_canonical", "created_at", "updated_at"}


@pytest.fixture
def media(settings: Settings, tmp_path: Path) -> Path:
    """An empty folder for uploads."""
    settings.MEDIA_ROOT = str(tmp_path)
    return tmp_path


@pytest.fixture
def person(staff: User, settings: Settings, media: Path) -> User:
    """Somebody who has used everything."""
    settings.STRIPE_WEBHOOK_SECRETS, settings.STRIPE_SECRET_KEY = [SECRET], "sk_test_nobody_listens"
    return lives.live(staff)


def erase(user: User, actor: Actor) -> None:
    with transaction.atomic():
        erase_account(user, password=PASSWORD, by=actor.as_user(user))


def ask(user: User, **proof: object) -> Any:
    return client_of(user).delete(PROFILE, proof, format="json")


def test_nothing_in_the_database_or_on_the_disk_leads_to_the_erased(
    person: User, media: Path, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    client = lives.log_in(lives.EMAIL)
    assert lives.traces_in(lives.dump()) == set(lives.TRACES)
    with django_capture_on_commit_callbacks(execute=True):
        assert client.delete(PROFILE, {"password": PASSWORD}).status_code == 204

    assert lives.traces_in(lives.dump(without="payments_document")) == set()
    assert lives.traces_in(lives.dump()) == {"wilhelmina", "zebrowska"}  # a receipt is kept as it was, by law
    assert [path for path in media.rglob("*") if path.is_file()] == []


def test_the_account_stays_as_a_row_that_names_nobody(person: User, actor: Actor) -> None:
    person.groups.add(Group.objects.create(name="Testers"))
    erase(person, actor)

    left = User.objects.get(pk=person.pk)
    assert left.email == left.email_canonical == f"erased-{person.pk}@erased.invalid"
    assert not left.has_usable_password()
    blank = User(is_active=False, created_at=left.created_at)
    for field in User._meta.concrete_fields:
        if field.name not in KEPT:
            assert getattr(left, field.attname) == getattr(blank, field.attname), field.name
    assert not left.groups.exists()


def test_what_hangs_on_the_account_is_deleted(person: User, actor: Actor) -> None:
    PendingLogin.objects.create(user=person, expires_at=person.created_at)
    erase(person, actor)

    for model in (Session, PendingLogin, KnownSource, MailedLink):
        assert not model._default_manager.filter(user=person).exists()
    assert not person.backup_codes.exists()
    assert not LoginAttempt.objects.filter(email__contains="mina").exists()


def test_money_places_and_facts_stay(person: User, actor: Actor) -> None:
    paid = list(Payment.objects.order_by("pk").values("pk", "user", "amount", "currency", "status", "course_title"))
    places = list(Enrollment.objects.order_by("pk").values())
    facts = list(AuditLog.objects.order_by("pk").values_list("pk", "user", "action", "details__event", "timestamp"))
    erase(person, actor)

    assert list(Payment.objects.order_by("pk").values(*paid[0])) == paid
    assert list(Enrollment.objects.order_by("pk").values()) == places
    rows = AuditLog.objects.order_by("pk").values_list("pk", "user", "action", "details__event", "timestamp")
    assert list(rows)[: len(facts)] == facts
    assert (Contact.objects.filter(status="closed").count(), EnrollmentRequest.objects.count()) == (2, 2)
    [request] = EnrollmentRequest.objects.filter(course__isnull=False)
    assert request.course_title == "Ponds for beginners"
    assert Course.objects.get(title="Keeping amphibians").instructor is None


def test_of_an_event_of_stripe_the_money_stays(person: User, actor: Actor) -> None:
    before = WebhookEvent.objects.get().payload
    erase(person, actor)

    left = WebhookEvent.objects.get().payload
    assert (left["id"], left["type"]) == (before["id"], before["type"])
    assert set(left["data"]["object"]) == {"id", "object", "amount", "amount_received", "currency", "metadata"}
    assert left["data"]["object"]["metadata"] == before["data"]["object"]["metadata"]


def test_the_log_keeps_the_fact_without_the_person_and_the_staff_with_theirs(person: User, actor: Actor) -> None:
    erase(person, actor)

    assert not AuditLog.objects.filter(user=person).exclude(ip_address=None, origin_salt=None).exists()
    erased = AuditLog.objects.get(details__event="users.erased")
    assert (erased.user_id, erased.resource_id, erased.action) == (person.pk, str(person.pk), "delete")
    by_staff = AuditLog.objects.get(details__event="admin.changed")
    assert by_staff.all_details == {"event": "admin.changed", "fields": ["first_name"]}
    assert (by_staff.ip_address, by_staff.user_agent) == (lives.OFFICE, lives.OFFICE_BROWSER)


def test_other_people_keep_everything(person: User, other_student: User, actor: Actor) -> None:
    client = client_of(other_student)
    client.patch(PROFILE, {"bio": "I prefer newts"})
    client.post(f"{API}contacts/contacts/", {"name": "Otto", "email": "otto@example.com", "message": "A newt"})
    send_later("session_ended", to=other_student.email, subject="To Otto")
    before = [line for line in lives.dump().splitlines() if other_student.pk.hex in line.replace("-", "")]
    mails = OutgoingMail.objects.filter(recipient=other_student.email).values_list("subject", "status")
    assert list(mails) == [("To Otto", mails[0][1])]
    erase(person, actor)

    after = lives.dump()
    assert [line for line in before if line not in after] == []
    assert mails[0][0] == "To Otto"
    assert Contact.objects.get(user=other_student).message == "A newt"


def test_an_earlier_address_that_is_anothers_by_now_is_left_to_them(person: User, actor: Actor) -> None:
    make_user(lives.EARLIER_EMAIL, first_name="Otto")
    mail = send_later("session_ended", to=lives.EARLIER_EMAIL, subject="To Otto")
    erase(person, actor)

    mail.refresh_from_db()
    assert (mail.recipient, mail.subject) == (lives.EARLIER_EMAIL, "To Otto")


def test_a_waiting_mail_is_not_sent_any_more(student: User, actor: Actor) -> None:
    mail = send_later("session_ended", to=student.email, subject="Hello")
    erase(student, actor)

    mail.refresh_from_db()
    assert (mail.status, mail.recipient) == ("failed", f"erased-{student.pk}@erased.invalid")
    assert not OutgoingMail.objects.due().filter(pk=mail.pk).exists()


def test_the_tokens_of_the_erased_open_nothing(student: User, anonymous: APIClient) -> None:
    login = {"email": student.email, "password": PASSWORD}
    tokens = anonymous.post(f"{API}auth/token/", login).json()
    client, other = APIClient(), client_of(student)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens['access']}")

    assert client.delete(PROFILE, {"password": PASSWORD}).status_code == 204

    assert [one.get(PROFILE).status_code for one in (client, other)] == [401, 401]
    assert anonymous.post(f"{API}auth/token/refresh/", {"refresh": tokens["refresh"]}).status_code == 401
    assert anonymous.post(f"{API}auth/token/", login).status_code == 401
    tombstone = {"email": f"erased-{student.pk}@erased.invalid", "password": PASSWORD}
    assert anonymous.post(f"{API}auth/token/", tombstone).status_code == 401


def test_the_old_address_registers_anew_and_gets_nothing_of_the_old_account(
    person: User, anonymous: APIClient, actor: Actor
) -> None:
    erase(person, actor)
    form = {"email": lives.EMAIL, "password": "quiet-lantern-42", "first_name": "New"}
    assert anonymous.post(f"{API}users/register/", form).status_code == 201
    newcomer = User.objects.get(email=lives.EMAIL)
    newcomer.email_verified = True
    newcomer.save()

    known = client_of(newcomer).get(f"{API}users/export/").json()
    assert (known["contacts"], known["payments"]) == ([], [])
    assert set(map(len, known["courses"].values())) == {0}
    assert newcomer.pk != person.pk


@pytest.mark.parametrize("proof", [{}, {"password": "wrong-horse-9"}, {"token": "123456"}])
def test_without_the_password_nothing_is_erased(student: User, proof: dict[str, str]) -> None:
    before = User.objects.values().get(pk=student.pk)

    answer = ask(student, **proof)

    assert (answer.status_code, answer.json()["code"]) == (403, "step_up_required")
    after = User.objects.values().get(pk=student.pk)
    assert {**after, "failed_login_attempts": 0} == before


def test_with_a_second_factor_its_code_is_asked_for(student: User, actor: Actor) -> None:
    enrolment = second_factor.start_enrolment(student, by=actor)
    totp = pyotp.TOTP(enrolment.secret)
    second_factor.confirm_enrolment(student, totp.now(), by=actor)
    client = client_of(student)

    assert client.delete(PROFILE, {"password": PASSWORD}).json()["code"] == "step_up_required"
    assert client.delete(PROFILE, {"password": PASSWORD, "token": "000000"}).json()["code"] == "step_up_required"
    proof = {"password": PASSWORD, "token": enrolment.backup_codes[0]}
    assert client.delete(PROFILE, proof).status_code == 204


@pytest.mark.parametrize("bad", [{"password": ["x"]}, {"password": PASSWORD, "user_id": 1}, {"token": {}}])
def test_a_bad_request_erases_nobody(student: User, bad: dict[str, object]) -> None:
    assert ask(student, **bad).status_code == 400
    assert User.objects.filter(pk=student.pk, is_active=True).exists()


def test_staff_are_not_erased(staff: User) -> None:
    answer = ask(staff, password=PASSWORD)

    assert (answer.status_code, answer.json()["code"]) == (409, "staff_account")
    assert User.objects.filter(pk=staff.pk, email=staff.email).exists()


def test_an_app_that_fails_leaves_everything_as_it_was(
    person: User, media: Path, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(user: User, by: Actor) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(extension_points, "erase_person", [*extension_points.erase_person, fail])
    before = Contact.objects.order_by("pk").values_list("message", "email")
    stored = list(before)

    with pytest.raises(RuntimeError):
        erase(person, actor)

    assert list(before) == stored
    assert User.objects.filter(pk=person.pk, email=lives.EMAIL, is_active=True).exists()
    assert len([path for path in media.rglob("*") if path.is_file()]) == 1


@pytest.mark.django_db(transaction=True)
def test_of_parallel_requests_one_erases(student: User, actor: Actor, run_together: RunTogether) -> None:
    run_together(4, lambda number: erase_account(student, password=PASSWORD, by=actor.as_user(student)))

    assert User.objects.get(pk=student.pk).email == f"erased-{student.pk}@erased.invalid"
    assert AuditLog.objects.filter(details__event="users.erased").count() == 1


def test_who_registers_a_strangers_address_erases_nothing_of_the_stranger(student: User, actor: Actor) -> None:
    wish = Contact.objects.create(name="Otto", email=student.email, message="A wish")
    place = EnrollmentRequest.objects.create(first_name="Otto", email=student.email, course_title="Ponds")
    answer = send_later("session_ended", to=student.email, subject="Re: A wish", reply_to="support@titanobova.com")
    erase(student, actor)

    for row in (wish, place, answer):
        row.refresh_from_db()
    assert (wish.message, wish.status, place.first_name, answer.subject) == ("A wish", "new", "Otto", "Re: A wish")


def test_nobody_can_take_the_address_that_an_erased_account_needs(anonymous: APIClient, student: User) -> None:
    form = {"email": f"erased-{student.pk}@Erased.INVALID", "password": "quiet-lantern-42"}

    answer = anonymous.post(f"{API}users/register/", form)

    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["email"])


def test_links_that_strangers_had_mailed_keep_nobody_from_being_erased(student: User) -> None:
    now = timezone.now()
    MailedLink.objects.bulk_create(
        MailedLink(user=student, purpose="reset_password", digest=str(number), email=student.email, expires_at=now)
        for number in range(1100)
    )

    assert client_of(student).delete("/api/v1/users/profile/", {"password": PASSWORD}).status_code == 204
    assert not MailedLink.objects.exists()
