"""Staff save a page while its owner does something to the same row: neither undoes what the other did."""

import threading
from collections.abc import Callable
from typing import Any

import pyotp
import pytest
from django.contrib.admin.options import ModelAdmin
from django.db import connections
from django.forms import ModelForm
from rest_framework.test import APIClient

from audit.admin import AuditedModelAdmin
from tests.conftest import PASSWORD, client_of, desk_of
from users.admin import UserAdmin
from users.models import User

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.external]  # SQLite has one writer at a time
NEW = "owners-new-horse-10"
PATIENCE = 1.0  # seconds for the owner's request, which waits for the row where it is held


def set_up_the_second_factor(owner: APIClient) -> None:
    secret = owner.post("/api/v1/users/enable_2fa/").json()["secret"]
    assert owner.post("/api/v1/users/confirm_2fa/", {"token": pyotp.TOTP(secret).now()}).status_code == 200


def change_the_password(owner: APIClient) -> None:
    sent = {"password": PASSWORD, "new_password": NEW}
    assert owner.post("/api/v1/users/change_password/", sent).status_code == 200


def erase(owner: APIClient) -> None:
    assert owner.delete("/api/v1/users/profile/", {"password": PASSWORD}).status_code == 204


DONE: dict[Callable[[APIClient], None], Callable[[User], bool]] = {
    set_up_the_second_factor: lambda user: user.totp_enabled and bool(user.totp_secret),
    change_the_password: lambda user: user.check_password(NEW),
    erase: lambda user: user.email.endswith("@erased.invalid") and not user.is_active,
}


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], None]], threading.Thread]:
    """Let something happen between the moment in which the page's row is read and that in which it is stored."""

    def schedule(happen: Callable[[], None]) -> threading.Thread:
        def run() -> None:
            try:
                happen()
            finally:
                connections.close_all()

        thread, genuine = threading.Thread(target=run), UserAdmin.save_form

        def save_form(page: Any, request: Any, form: "ModelForm[Any]", change: bool) -> Any:
            thread.start()
            thread.join(PATIENCE)
            return genuine(page, request, form, change)

        monkeypatch.setattr(UserAdmin, "save_form", save_form)
        return thread

    return schedule


def save_page(staff: User, student: User) -> int:
    """Save a note on the student's page; return the status."""
    form = {"email": student.email, "first_name": student.first_name, "last_name": student.last_name,
            "user_type": "student", "is_active": "on", "bio": "Noted by staff"}  # fmt: skip
    return desk_of(staff).post(f"/admin/users/user/{student.pk}/change/", form).status_code


@pytest.mark.parametrize("act", DONE)
def test_what_the_owner_did_stands(
    staff: User,
    student: User,
    meanwhile: Callable[[Callable[[], None]], threading.Thread],
    act: Callable[[APIClient], None],
) -> None:
    owner = client_of(student)
    thread = meanwhile(lambda: act(owner))

    assert save_page(staff, student) == 302

    thread.join(30)
    assert DONE[act](User.objects.get(pk=student.pk))


@pytest.mark.parametrize("act", DONE)
def test_a_row_that_is_not_held_is_written_back_as_it_was_read(
    staff: User,
    student: User,
    meanwhile: Callable[[Callable[[], None]], threading.Thread],
    act: Callable[[APIClient], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The negative control."""
    monkeypatch.setattr(AuditedModelAdmin, "get_object", ModelAdmin.get_object)
    owner = client_of(student)
    thread = meanwhile(lambda: act(owner))

    save_page(staff, student)

    thread.join(30)
    assert not DONE[act](User.objects.get(pk=student.pk))


def test_a_page_that_was_opened_before_an_erasure_brings_nobody_back(staff: User, student: User) -> None:
    client_of(student).delete("/api/v1/users/profile/", {"password": PASSWORD})

    assert save_page(staff, student) == 403  # with the values that it showed
    assert User.objects.get(pk=student.pk).first_name == ""
