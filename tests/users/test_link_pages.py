"""Our own small pages behind the links in mails (contract 2.12)."""

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from audit.actor import Actor
from audit.models import AuditLog
from tests.conftest import PASSWORD
from tests.users.mailbox import links_to, token_for
from users.models import MailedLink, User
from users.services.email_flows import send_change_link, send_reset_link, send_unlock_link, send_verification

pytestmark = pytest.mark.django_db

NEW = "quiet-lantern-42"
Send = Callable[[User, Actor], None]
SENDERS: dict[str, Send] = {
    "/verify-email": lambda user, by: send_verification(user),
    "/confirm-email": lambda user, by: send_change_link(user, to=user.email),
    "/reset-password": lambda user, by: send_reset_link(user, by=by),
    "/unlock": lambda user, by: send_unlock_link(user, timezone.now(), by),
}
DONE = {
    "/verify-email": "Your address is confirmed",
    "/confirm-email": "Your address is changed",
    "/reset-password": "Your password is changed",
    "/unlock": "Your account is unlocked",
}


@pytest.fixture
def browser() -> Client:
    """A browser, held to the CSRF check as real ones are."""
    return Client(enforce_csrf_checks=True)


def hidden(page: str) -> dict[str, str]:
    """Return the hidden fields of a form."""
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))


def press(browser: Client, address: str, **typed: str) -> tuple[int, str]:
    """Open a page and press its button; return the status and the page that comes."""
    form = hidden(browser.get(address).content.decode())
    answer = browser.post(address.partition("?")[0], {**form, **typed})
    return answer.status_code, answer.content.decode()


def link_for(student: User, path: str, actor: Actor) -> str:
    """Mail the link that leads to `path`, and return it without the host."""
    SENDERS[path](student, actor)
    return "/" + links_to(student.email)[-1].partition("://")[2].partition("/")[2]


@pytest.mark.parametrize("path", SENDERS)
def test_the_button_does_what_the_link_is_for(browser: Client, student: User, actor: Actor, path: str) -> None:
    link = link_for(student, path, actor)

    status, page = press(browser, link, new_password=NEW)

    assert (link.partition("?")[0], status) == (path, 200)
    assert f">{DONE[path]}<" in page
    assert MailedLink.objects.get().spent_at is not None


@pytest.mark.parametrize("path", SENDERS)
def test_opening_a_link_any_number_of_times_does_nothing(
    browser: Client, student: User, actor: Actor, path: str
) -> None:
    link = link_for(student, path, actor)
    rows = AuditLog.objects.count()

    answers = [browser.get(link), browser.head(link), browser.get(link)]

    assert {answer.status_code for answer in answers} == {200}
    assert (MailedLink.objects.get().spent_at, AuditLog.objects.count()) == (None, rows)
    assert list(browser.cookies) == ["csrftoken"]


@pytest.mark.parametrize("path", SENDERS)
def test_a_page_leaks_no_token_is_stored_nowhere_and_can_load_and_run_nothing(browser: Client, path: str) -> None:
    answer = browser.get(path, {"token": "secret"})

    assert answer["Referrer-Policy"] == "strict-origin"
    assert "no-store" in answer["Cache-Control"]
    policy = answer["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "script-src" not in policy
    page = answer.content.decode()
    assert not re.findall(r"<script|\son\w+=|\bsrc=|https?://|@import|url\(", page)
    assert 'href="data:,"' in page


def test_a_page_says_its_language_has_a_title_and_a_label_for_its_field(browser: Client) -> None:
    page = browser.get("/reset-password", {"token": "secret"}).content.decode()

    assert '<html lang="en">' in page
    assert re.search(r"<title>Choose a new password", page)
    assert '<label for="id_new_password">New password</label>' in page
    assert 'aria-describedby="id_new_password_helptext"' in page
    assert 'autocomplete="new-password"' in page


@pytest.mark.parametrize("path", SENDERS)
def test_a_void_link_is_refused_in_words(browser: Client, path: str) -> None:
    status, page = press(browser, f"{path}?token=unknown", new_password=NEW)

    assert status == 400
    assert "expired, was used already, or a newer one was mailed" in page
    assert "<form" not in page


@pytest.mark.parametrize("path", SENDERS)
@pytest.mark.parametrize("query", ["", "?token="])
def test_an_incomplete_link_is_refused_at_once(browser: Client, path: str, query: str) -> None:
    assert browser.get(f"{path}{query}").status_code == 400


def test_what_a_link_carries_stays_text(browser: Client) -> None:
    page = browser.get("/unlock", {"token": '"><script>alert(1)</script>'}).content.decode()

    assert "<script" not in page


def test_a_weak_password_is_explained_and_may_be_tried_again(browser: Client, student: User, actor: Actor) -> None:
    link = link_for(student, "/reset-password", actor)

    status, page = press(browser, link, new_password="short")
    again = browser.post("/reset-password", {**hidden(page), "new_password": NEW})

    assert status == 400
    assert re.search(r'id="id_new_password_error" role="alert">[^<]*too short', page)
    assert 'aria-invalid="true"' in page
    assert "short" not in re.sub(r"too short", "", page)
    assert again.status_code == 200
    student.refresh_from_db()
    assert student.check_password(NEW)


def test_a_password_is_taken_as_it_is_typed(browser: Client, student: User, actor: Actor) -> None:
    press(browser, link_for(student, "/reset-password", actor), new_password="  quiet lantern 42  ")

    student.refresh_from_db()
    assert student.check_password("  quiet lantern 42  ")


def test_a_form_of_another_site_is_refused(browser: Client, student: User, actor: Actor) -> None:
    send_reset_link(student, by=actor)
    form = {"token": token_for(student.email), "new_password": NEW}

    assert browser.post("/reset-password", form).status_code == 403
    student.refresh_from_db()
    assert student.check_password(PASSWORD)


def test_pressing_is_limited_as_any_visitor_is(browser: Client) -> None:
    form = hidden(browser.get("/unlock?token=guess").content.decode())

    statuses = [browser.post("/unlock", form).status_code for _ in range(101)]

    refused = browser.post("/unlock", form)
    assert statuses == [400] * 100 + [429]
    assert int(refused["Retry-After"]) > 0
    assert APIClient().post("/api/v1/users/unlock/", {"token": "guess"}).status_code == 429
