"""Proving that an account's address is one's own (contract 2.12)."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from audit.actor import Actor
from audit.models import AuditLog
from tests.conftest import make_user
from tests.users.mailbox import API, links_to, mails_to, statements_of, token_for
from users import extension_points
from users.models import MailedLink, User
from users.services.email_flows import send_reset_link, send_verification

pytestmark = pytest.mark.django_db

REGISTER, VERIFY, RESEND = f"{API}register/", f"{API}verify_email/", f"{API}resend_verification/"
FORM = {"email": "new@example.com", "password": "quiet-lantern-42", "first_name": "Nia"}
INVALID_TEXT = "The link is not valid: it has expired, was used already, or a newer one was mailed."
INVALID = {
    "detail": INVALID_TEXT,
    "code": "link_not_valid",
    "errors": {"non_field_errors": [{"message": INVALID_TEXT, "code": "link_not_valid"}]},
}


def test_registration_mails_a_link_that_verifies_the_address(anonymous: APIClient) -> None:
    anonymous.post(REGISTER, FORM)

    answer = anonymous.post(VERIFY, {"token": token_for("new@example.com")})

    assert (answer.status_code, answer.json()) == (200, {"detail": "Your e-mail address is confirmed."})
    user = User.objects.get()
    assert user.email_verified
    row = AuditLog.objects.get(details__event="users.email.verified")
    assert (row.user, row.resource_id) == (user, str(user.pk))


def use(token: str, student: User) -> None:
    APIClient().post(VERIFY, {"token": token})


def let_expire(token: str, student: User) -> None:
    MailedLink.objects.update(expires_at=timezone.now())


def replace(token: str, student: User) -> None:
    send_verification(student)


def change_the_address(token: str, student: User) -> None:
    User.objects.filter(pk=student.pk).update(email_canonical="changed@example.com")


def deactivate(token: str, student: User) -> None:
    User.objects.filter(pk=student.pk).update(is_active=False)


@pytest.mark.parametrize("spoil", [use, let_expire, replace, change_the_address, deactivate])
def test_a_link_that_no_longer_counts_is_refused_without_saying_why(
    anonymous: APIClient, student: User, spoil: Callable[[str, User], None]
) -> None:
    send_verification(student)
    token = token_for(student.email)
    spoil(token, student)

    answer = anonymous.post(VERIFY, {"token": token})

    assert (answer.status_code, answer.json()) == (400, INVALID)


def test_a_link_of_another_purpose_and_an_unknown_one_are_refused_alike(
    anonymous: APIClient, student: User, actor: Actor
) -> None:
    send_reset_link(student, by=actor)

    for token in (token_for(student.email), "unknown", "😀"):
        answer = anonymous.post(VERIFY, {"token": token})
        assert (answer.status_code, answer.json()) == (400, INVALID)


def test_the_link_works_for_seven_days(anonymous: APIClient, student: User) -> None:
    send_verification(student)

    left = MailedLink.objects.get().expires_at - timezone.now()

    assert timedelta(days=7) - timedelta(minutes=1) < left <= timedelta(days=7)


def test_opening_the_link_by_a_get_does_nothing(anonymous: APIClient, student: User) -> None:
    send_verification(student)

    assert anonymous.get(VERIFY, {"token": token_for(student.email)}).status_code == 405
    assert MailedLink.objects.get().spent_at is None


def test_the_database_keeps_neither_the_token_nor_a_readable_mail(student: User) -> None:
    send_verification(student)
    token = token_for(student.email)

    assert len(token) == 43
    link, mail = MailedLink.objects.values().get(), mails_to(student.email)[0]
    assert token not in f"{link} {mail.text} {mail.button}"


def test_other_apps_hear_of_it_once_and_can_refuse(
    anonymous: APIClient, student: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[tuple[User, bool]] = []
    hooks = [lambda user, by: heard.append((user, by.user == user)), lambda user, by: 1 / len(heard[1:])]
    monkeypatch.setattr(extension_points, "on_email_verified", hooks)
    monkeypatch.setattr("users.services.addresses.on_email_verified", hooks)
    send_verification(student)
    anonymous.raise_request_exception = False

    first = anonymous.post(VERIFY, {"token": token_for(student.email)}).status_code
    after_first = User.objects.get().email_verified
    second = anonymous.post(VERIFY, {"token": token_for(student.email)}).status_code

    assert (first, after_first, second) == (500, False, 200)
    assert heard == [(student, True)] * 2
    assert AuditLog.objects.filter(details__event="users.email.verified").count() == 1


@pytest.mark.parametrize(("frontend", "begin"), [("https://a.example", "https://a.example"), ("", "https://b.example")])
def test_the_link_leads_to_the_frontend_or_to_us_and_never_where_the_host_header_says(
    anonymous: APIClient, settings: Settings, frontend: str, begin: str
) -> None:
    settings.FRONTEND_URL, settings.PUBLIC_URL, settings.ALLOWED_HOSTS = frontend, "https://b.example", ["*"]

    anonymous.post(REGISTER, FORM, HTTP_HOST="evil.example", HTTP_X_FORWARDED_HOST="evil.example")

    assert [link.partition("?")[0] for link in links_to("new@example.com")] == [f"{begin}/verify-email"]


def test_the_name_somebody_typed_is_not_mailed_to_an_address_nobody_proved(anonymous: APIClient) -> None:
    anonymous.post(REGISTER, {**FORM, "first_name": "Win at https://evil.example"})

    (mail,) = mails_to("new@example.com")
    assert "evil" not in mail.subject + mail.text + mail.button


@pytest.fixture
def people(student: User) -> dict[str, str]:
    """An address of every kind."""
    make_user("verified@example.com", email_verified=True)
    make_user("inactive@example.com", is_active=False)
    others = {kind: f"{kind}@example.com" for kind in ("verified", "inactive", "unknown")}
    return {"waiting": student.email, **others}


def test_asking_again_answers_alike_and_mails_only_who_waits_for_it(
    anonymous: APIClient, people: dict[str, str]
) -> None:
    answers = [anonymous.post(RESEND, {"email": email}) for email in people.values()]

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.content for answer in answers}) == 1
    assert [kind for kind, email in people.items() if mails_to(email)] == ["waiting"]
    assert AuditLog.objects.filter(details__event="users.email.verification_requested").count() == 4


def test_asking_again_costs_the_same_statements_for_every_address(anonymous: APIClient, people: dict[str, str]) -> None:
    made = [statements_of(partial(anonymous.post, RESEND, {"email": email})) for email in people.values()]

    assert ("INSERT", "titanobova_outgoingmail") in made[-1]
    assert made == [made[0]] * len(people)


def test_asking_again_is_limited_for_an_address_and_for_a_mailbox(anonymous: APIClient, student: User) -> None:
    form = {"email": student.email}

    from_one = [anonymous.post(RESEND, form).status_code for _ in range(11)]
    from_many = [anonymous.post(RESEND, form, REMOTE_ADDR=f"198.51.100.{n}").status_code for n in range(5)]

    assert from_one == [202] * 10 + [429]
    assert from_many == [202] * 5
    assert len(links_to(student.email)) == 10
    assert anonymous.post(VERIFY, {"token": token_for(student.email)}).status_code == 200
