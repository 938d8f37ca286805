"""Giving an account another e-mail address (contract 2.12, hardening U9, U16 and U18)."""

from functools import partial

import pytest
from rest_framework.test import APIClient

from audit.models import AuditLog
from tests.conftest import PASSWORD, client_of, make_user
from tests.users.mailbox import API, links_to, mails_to, statements_of, token_for
from tests.users.test_second_factor import Protected
from users import extension_points
from users.models import MailedLink, User
from users.services.email_flows import send_verification

pytestmark = pytest.mark.django_db

CHANGE, CONFIRM, PROFILE = f"{API}change_email/", f"{API}confirm_email/", f"{API}profile/"
OLD, NEW = "student@example.com", "new@example.com"
FORM = {"email": NEW, "password": PASSWORD}


def ask(student: User, **changes: str) -> APIClient:
    """Ask for the new address, and return the client that did."""
    client = client_of(student)
    assert client.post(CHANGE, {**FORM, **changes}).status_code == 202
    return client


def test_the_address_changes_once_the_new_mailbox_confirms_it(anonymous: APIClient, student: User) -> None:
    ask(student)
    student.refresh_from_db()
    assert student.email == OLD

    answer = anonymous.post(CONFIRM, {"token": token_for(NEW)})

    assert answer.status_code == 200
    student.refresh_from_db()
    assert (student.email, student.email_canonical, student.email_verified) == (NEW, NEW, True)
    assert AuditLog.objects.get(details__event="auth.email.changed").user == student


def test_the_old_mailbox_hears_of_the_wish_and_of_the_change(anonymous: APIClient, student: User) -> None:
    ask(student)
    anonymous.post(CONFIRM, {"token": token_for(NEW)})

    told = [mail.subject for mail in mails_to(OLD)]
    assert told == ["Your e-mail address is about to change", "Your e-mail address was changed"]
    assert all(NEW in mail.text for mail in mails_to(OLD))
    assert not links_to(OLD)


def test_all_other_sessions_end_and_open_links_are_void(student: User) -> None:
    send_verification(student)
    here, elsewhere = ask(student), client_of(student)

    here.post(CONFIRM, {"token": token_for(NEW)})

    assert (here.get(PROFILE).status_code, elsewhere.get(PROFILE).status_code) == (200, 401)
    assert not MailedLink.objects.open().exists()


def test_confirming_without_a_session_ends_them_all(anonymous: APIClient, student: User) -> None:
    here = ask(student)

    anonymous.post(CONFIRM, {"token": token_for(NEW)})

    assert here.get(PROFILE).status_code == 401


def test_other_apps_hear_of_the_proved_address(
    anonymous: APIClient, student: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []
    monkeypatch.setattr(extension_points, "on_email_verified", [])
    monkeypatch.setattr("users.services.addresses.on_email_verified", [lambda user, by: heard.append(user.email)])
    ask(student)

    anonymous.post(CONFIRM, {"token": token_for(NEW)})

    assert heard == [NEW]


def test_the_link_works_only_once(anonymous: APIClient, student: User) -> None:
    ask(student)

    answers = [anonymous.post(CONFIRM, {"token": token_for(NEW)}) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 400]
    assert answers[1].json()["code"] == "link_not_valid"


def test_who_asks_cannot_tell_whether_the_new_address_has_an_account(student: User, other_student: User) -> None:
    client = client_of(student)

    free = client.post(CHANGE, FORM)
    taken = client.post(CHANGE, {**FORM, "email": other_student.email.upper()})

    assert (free.status_code, free.content) == (taken.status_code, taken.content)
    assert not links_to(other_student.email)
    assert [mail.subject for mail in mails_to(other_student.email)] == ["You have an account with this address already"]


def test_asking_costs_the_same_statements_either_way(student: User, other_student: User) -> None:
    client = client_of(student)
    forms = [{**FORM, "email": email} for email in (NEW, other_student.email)]

    made = [statements_of(partial(client.post, CHANGE, form)) for form in forms]

    assert ("INSERT", "users_mailedlink") in made[0]
    assert made[0] == made[1]


def test_an_address_taken_meanwhile_is_a_clear_refusal_and_changes_nothing(anonymous: APIClient, student: User) -> None:
    client = ask(student)
    make_user("NEW@example.com")

    answer = anonymous.post(CONFIRM, {"token": token_for(NEW)})

    assert (answer.status_code, answer.json()["code"]) == (409, "email_taken")
    assert client.get(PROFILE).json()["email"] == OLD


@pytest.mark.parametrize("written", ["STUDENT@example.com", "Student@Example.com"])
def test_the_spelling_of_ones_own_address_may_change(anonymous: APIClient, student: User, written: str) -> None:
    ask(student, email=written)

    assert anonymous.post(CONFIRM, {"token": token_for(written)}).status_code == 200
    student.refresh_from_db()
    assert (student.email, student.email_canonical) == (written, OLD)


@pytest.mark.parametrize("proof", [{}, {"password": "wrong-horse-9"}])
def test_without_the_password_nothing_is_mailed(student: User, proof: dict[str, str]) -> None:
    answer = client_of(student).post(CHANGE, {"email": NEW, **proof})

    assert (answer.status_code, answer.json()["code"]) == (403, "step_up_required")
    assert not mails_to(NEW) + mails_to(OLD)


def test_with_a_second_factor_the_code_is_needed_too(student: User) -> None:
    protected = Protected(student)
    client = client_of(student)

    without = client.post(CHANGE, FORM).status_code
    with_code = client.post(CHANGE, {**FORM, "token": protected.totp.now()}).status_code

    assert (without, with_code) == (403, 202)


@pytest.mark.parametrize("bad", ["", "nobody", "a@b.co\r\nBcc: c@d.co", "a@b.co, c@d.co", f"a@{'ﷺ' * 30}.co"])
def test_what_is_no_address_is_refused(student: User, bad: str) -> None:
    answer = client_of(student).post(CHANGE, {**FORM, "email": bad})

    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["email"])


def test_a_visitor_has_no_address_to_change(anonymous: APIClient) -> None:
    assert anonymous.post(CHANGE, FORM).status_code == 401
