"""Choosing a new password by a mailed link (contract 2.12, hardening U9, U12, U13 and U18)."""

from datetime import timedelta
from functools import partial

import pytest
from django.conf import settings
from django.utils import timezone
from rest_framework.test import APIClient

from audit.actor import Actor
from audit.models import AuditLog
from tests.conftest import PASSWORD, client_of, make_user
from tests.shared.conftest import lines_from_now_on
from tests.users.mailbox import API, links_to, mails_to, statements_of, token_for
from tests.users.test_login import BCRYPT, fail
from tests.users.test_second_factor import Protected
from titanobova.models import OutgoingMail
from users import hashers
from users.models import MailedLink, User
from users.services.email_flows import send_reset_link

pytestmark = pytest.mark.django_db

ASK, CONFIRM, PROFILE = f"{API}password_reset/", f"{API}password_reset_confirm/", f"{API}profile/"
LOGIN = "/api/v1/auth/token/"
NEW = "quiet-lantern-42"


def reset(user: User) -> None:
    """Ask for a link and use it."""
    APIClient().post(ASK, {"email": user.email})
    answer = APIClient().post(CONFIRM, {"token": token_for(user.email), "new_password": NEW})
    assert answer.status_code == 200


def log_in(user: User, password: str = NEW) -> dict[str, object]:
    answer: dict[str, object] = APIClient().post(LOGIN, {"email": user.email, "password": password}).json()
    return answer


def test_a_mailed_link_sets_a_new_password(student: User) -> None:
    reset(student)

    assert log_in(student)["requires_2fa"] is False
    assert log_in(student, PASSWORD)["code"] == "invalid_credentials"
    told = [row.details["event"] for row in AuditLog.objects.order_by("id") if row.resource_id == str(student.pk)]
    assert {"auth.password.reset_requested", "auth.password.reset"} <= set(told)
    assert [mail.subject for mail in mails_to(student.email)] == ["Choose a new password", "Your password was changed"]


def test_all_sessions_end(student: User) -> None:
    somewhere = client_of(student)

    reset(student)

    assert somewhere.get(PROFILE).status_code == 401


def test_the_link_proves_the_address(student: User) -> None:
    reset(student)

    student.refresh_from_db()
    assert student.email_verified


def test_the_lock_is_taken_off(anonymous: APIClient, student: User) -> None:
    fail(anonymous, student.email, 5)
    assert log_in(student, PASSWORD)["code"] == "invalid_credentials"

    reset(student)

    student.refresh_from_db()
    assert (student.failed_login_attempts, student.account_locked_until) == (0, None)
    assert "access" in log_in(student)


def test_a_second_factor_stays_on_and_is_still_asked_for(student: User) -> None:
    Protected(student)

    reset(student)

    assert (log_in(student)["requires_2fa"], log_in(student)["refresh"]) == (True, None)


@pytest.mark.parametrize("stored", [BCRYPT, "!unusable", ""])
def test_people_of_the_old_site_get_a_password_here(student: User, stored: str) -> None:
    User.objects.filter(pk=student.pk).update(password=stored)

    reset(student)

    assert "access" in log_in(student)


def test_the_link_works_once_and_for_one_hour(anonymous: APIClient, student: User, actor: Actor) -> None:
    send_reset_link(student, by=actor)
    left = MailedLink.objects.get().expires_at - timezone.now()

    form = {"token": token_for(student.email), "new_password": NEW}
    answers = [anonymous.post(CONFIRM, form) for _ in range(2)]

    assert timedelta(minutes=59) < left <= timedelta(hours=1)
    assert [answer.status_code for answer in answers] == [200, 400]
    assert answers[1].json()["code"] == "link_not_valid"


def test_a_newer_link_replaces_an_older_one(anonymous: APIClient, student: User) -> None:
    for _ in range(2):
        anonymous.post(ASK, {"email": student.email})
    old, new = (link.partition("=")[2] for link in links_to(student.email))

    statuses = [anonymous.post(CONFIRM, {"token": t, "new_password": NEW}).status_code for t in (old, new)]

    assert statuses == [400, 200]


def test_a_weak_password_is_refused_and_leaves_the_link_good(anonymous: APIClient, student: User, actor: Actor) -> None:
    send_reset_link(student, by=actor)
    token = token_for(student.email)

    for weak in ("short", "password123", "student@example.com", "é" * 600):
        answer = anonymous.post(CONFIRM, {"token": token, "new_password": weak})
        assert (answer.status_code, list(answer.json()["errors"])) == (400, ["new_password"])
    assert anonymous.post(CONFIRM, {"token": token, "new_password": NEW}).status_code == 200


def test_nothing_is_hashed_for_a_link_that_is_void(anonymous: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashers.Argon2idHasher, "encode", None)

    assert anonymous.post(CONFIRM, {"token": "unknown", "new_password": NEW}).status_code == 400


@pytest.fixture
def people(student: User) -> dict[str, str]:
    """An address of every kind."""
    make_user("inactive@example.com", is_active=False)
    return {"known": student.email, "inactive": "inactive@example.com", "unknown": "nobody@example.com"}


def test_every_address_gets_the_same_answer_and_only_an_open_account_a_mail(
    anonymous: APIClient, people: dict[str, str]
) -> None:
    answers = [anonymous.post(ASK, {"email": email}) for email in people.values()]

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.content for answer in answers}) == 1
    assert [kind for kind, email in people.items() if mails_to(email)] == ["known"]
    assert AuditLog.objects.filter(details__event="auth.password.reset_requested").count() == 3


def test_every_address_costs_the_same_statements(anonymous: APIClient, people: dict[str, str]) -> None:
    made = [statements_of(partial(anonymous.post, ASK, {"email": email})) for email in people.values()]

    assert {("INSERT", "users_mailedlink"), ("INSERT", "titanobova_outgoingmail")} <= set(made[-1])
    assert made == [made[0]] * len(people)


@pytest.mark.django_db(transaction=True)
def test_every_address_wakes_the_delivery_once(
    anonymous: APIClient, people: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    woken: list[None] = []
    for module in ("titanobova.email", "users.services.links"):
        monkeypatch.setattr(f"{module}.wake_delivery", lambda: woken.append(None))

    counts = [anonymous.post(ASK, {"email": email}) and len(woken) for email in people.values()]

    assert counts == [1, 2, 3]


@pytest.mark.parametrize(
    "typed", ["KIM@example.com", "\u212aim@example.com", "kim@\uff45xample.com", " kim@example.com "]
)
def test_the_mail_goes_to_the_stored_address_however_it_was_typed(
    anonymous: APIClient, student: User, typed: str
) -> None:
    make_user("kim@example.com")

    anonymous.post(ASK, {"email": typed})

    assert [mail.recipient for mail in OutgoingMail.objects.all()] == ["kim@example.com"]


def test_asking_is_limited_for_an_address_and_for_a_mailbox(anonymous: APIClient, student: User) -> None:
    form = {"email": student.email}

    from_one = [anonymous.post(ASK, form).status_code for _ in range(11)]
    from_many = [anonymous.post(ASK, form, REMOTE_ADDR=f"198.51.100.{n}").status_code for n in range(5)]

    assert from_one == [202] * 10 + [429]
    assert from_many == [202] * 5
    assert len(links_to(student.email)) == 10
    last = {"token": token_for(student.email), "new_password": NEW}
    assert anonymous.post(CONFIRM, last, REMOTE_ADDR="198.51.100.9").status_code == 200


def test_neither_log_nor_audit_log_holds_the_token_or_the_password(student: User) -> None:
    lines = lines_from_now_on(settings.LOG_DIR / "titanobova.log")

    reset(student)

    written = f"{list(AuditLog.objects.values())} {lines()}"
    assert "/api/v1/users/password_reset_confirm/" in written
    assert links_to(student.email)[0].partition("=")[2] not in written
    assert NEW not in written
