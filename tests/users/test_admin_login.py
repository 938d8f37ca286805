"""The admin is entered by the same login as the API."""

import re
from datetime import timedelta

import pyotp
import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from audit.models import AuditLog
from tests.conftest import PASSWORD, client_of, make_user
from tests.users.test_login import BCRYPT
from tests.users.test_registration import SWELLING
from titanobova.models import OutgoingMail
from users.lockout import FAILURES_TO_LOCK
from users.models import LoginAttempt, User

URL = "/admin/login/?next=/admin/"
ENROLMENT = "/admin/second-factor/"
DAY = timedelta(days=1)


def enter(email: str, password: str = PASSWORD, token: str = "") -> bool:
    """Try the admin's login page; true when it lets in."""
    answer = Client().post(URL, {"username": email, "password": password, "token": token})
    return answer.status_code == 302


def test_staff_enter_with_their_password(staff: User) -> None:
    assert enter(staff.email)
    assert LoginAttempt.objects.get().outcome == LoginAttempt.Outcome.SUCCESS
    assert AuditLog.objects.filter(action="login").count() == 1


def test_others_stay_outside(student: User, staff: User) -> None:
    assert not enter(student.email)
    assert not enter(staff.email, "wrong-horse-9")


def test_a_lock_counts_for_both_doors(staff: User, anonymous: APIClient) -> None:
    for _ in range(FAILURES_TO_LOCK):
        enter(staff.email, "wrong-horse-9")

    assert not enter(staff.email)
    login = {"email": staff.email, "password": PASSWORD}
    assert anonymous.post("/api/v1/auth/token/", login).status_code == 401


def test_the_second_factor_guards_this_door_too(staff: User) -> None:
    api = client_of(staff)
    totp = pyotp.TOTP(api.post("/api/v1/users/enable_2fa/").json()["secret"])
    api.post("/api/v1/users/confirm_2fa/", {"token": totp.now()})
    User.objects.filter(pk=staff.pk).update(totp_last_step=0)

    assert not enter(staff.email)
    assert not enter(staff.email, token="000000")
    code = totp.now()
    assert enter(staff.email, token=code)
    assert not enter(staff.email, token=code)


@pytest.mark.parametrize("path", ["users/user/", "users/session/", "users/loginattempt/", "audit/auditlog/", ""])
def test_the_pages_open_for_staff(staff: User, client: Client, path: str) -> None:
    client.force_login(staff, backend="users.backends.SessionOnlyBackend")

    assert client.get(f"/admin/{path}").status_code == 200


def test_no_secret_is_shown_on_a_persons_page(staff: User, student: User, client: Client) -> None:
    client.force_login(staff, backend="users.backends.SessionOnlyBackend")

    page = client.get(f"/admin/users/user/{student.pk}/change/").content.decode()

    assert student.email in page
    assert student.password not in page
    assert "totp_secret" not in page


def test_the_second_factor_can_be_made_compulsory(staff: User, settings: Settings) -> None:
    settings.REQUIRE_STAFF_2FA = True

    assert Client().post(URL, {"username": staff.email, "password": PASSWORD})["Location"] == ENROLMENT
    assert not enter(staff.email, "wrong-horse-9")


def test_staff_set_up_the_compulsory_second_factor_on_the_way_in(staff: User, settings: Settings) -> None:
    settings.REQUIRE_STAFF_2FA = True
    browser = Client()
    browser.post(URL, {"username": staff.email, "password": PASSWORD})

    page = browser.get(ENROLMENT).content.decode()
    secret = re.findall(r">\s*([A-Z2-7]{32})\s*<", page)[0]
    assert "<svg" in page
    assert browser.get("/admin/").status_code == 302
    assert browser.post(ENROLMENT, {"token": "000000"}).status_code == 400
    assert secret in browser.post(ENROLMENT, {"token": "x"}).content.decode()
    assert browser.post(ENROLMENT, {"token": pyotp.TOTP(secret).now()})["Location"] == "/admin/"
    assert browser.get("/admin/").status_code == 200


def test_the_enrolment_page_opens_for_nobody_who_has_not_proved_a_password(staff: User, settings: Settings) -> None:
    settings.REQUIRE_STAFF_2FA = True

    assert Client().get(ENROLMENT)["Location"] == "/admin/login/"
    assert Client().post(ENROLMENT, {"token": "000000"})["Location"] == "/admin/login/"


def test_the_login_page_has_a_field_for_the_code(db: None) -> None:
    page = Client().get("/admin/login/").content.decode()

    assert 'name="token"' in page
    assert "Code of your second factor" in page


def test_who_loses_rights_logs_in_anew(staff: User, student: User, client: Client) -> None:
    phone = client_of(student)
    client.force_login(staff, backend="users.backends.SessionOnlyBackend")
    page = f"/admin/users/user/{student.pk}/change/"
    form = client.get(page).context["adminform"].form
    data = {name: value for name, value in form.initial.items() if value}

    client.post(page, {**data, "user_type": "instructor", "created_at_0": "2026-01-01", "created_at_1": "00:00:00"})

    student.refresh_from_db()
    assert student.user_type == "instructor"
    assert phone.get("/api/v1/users/profile/").status_code == 401


def test_staff_unlock_accounts_and_end_sessions(staff: User, student: User, client: Client) -> None:
    User.objects.filter(pk=student.pk).update(failed_login_attempts=5, account_locked_until=timezone.now() + DAY)
    phone = client_of(student)
    client.force_login(staff, backend="users.backends.SessionOnlyBackend")

    for action in ("unlock_accounts", "end_sessions"):
        client.post("/admin/users/user/", {"action": action, "_selected_action": [str(student.pk)]})

    student.refresh_from_db()
    assert (student.failed_login_attempts, student.account_locked_until) == (0, None)
    assert phone.get("/api/v1/users/profile/").status_code == 401
    events = set(AuditLog.objects.values_list("details__event", flat=True))
    assert {"auth.account.unlocked", "auth.sessions.ended"} <= events


def test_who_has_all_sessions_ended_is_outside_the_admin_too(staff: User) -> None:
    browser, desk = Client(), Client()
    boss = make_user("boss@example.com", is_staff=True, is_superuser=True)
    desk.force_login(boss, backend="users.backends.SessionOnlyBackend")
    browser.post(URL, {"username": staff.email, "password": PASSWORD})
    assert browser.get("/admin/").status_code == 200

    desk.post("/admin/users/user/", {"action": "end_sessions", "_selected_action": [str(staff.pk)]})

    assert browser.get("/admin/").status_code == 302
    assert desk.get("/admin/").status_code == 200
    ended = AuditLog.objects.get(details__event="auth.sessions.ended")
    assert (ended.resource_id, ended.details["sessions"]) == (str(staff.pk), 0)
    assert enter(staff.email)


def test_imported_staff_stay_logged_in_though_their_hash_is_replaced(staff: User) -> None:
    User.objects.filter(pk=staff.pk).update(password=BCRYPT)
    browser = Client()

    assert browser.post(URL, {"username": staff.email, "password": "Legacy-pass-01"}).status_code == 302
    assert browser.get("/admin/").status_code == 200


@pytest.mark.parametrize("change", [{"password": "other"}, {"email_canonical": "n@example.com"}, {"is_active": False}])
def test_a_change_of_the_account_ends_the_admins_sessions(staff: User, change: dict[str, object]) -> None:
    browser = Client()
    browser.post(URL, {"username": staff.email, "password": PASSWORD})
    assert browser.get("/admin/").status_code == 200

    User.objects.filter(pk=staff.pk).update(**change)

    assert browser.get("/admin/").status_code == 302


def test_a_new_password_closes_the_enrolment_page_to_whoever_proved_the_old_one(
    staff: User, settings: Settings
) -> None:
    settings.REQUIRE_STAFF_2FA = True
    thief = Client()
    thief.post(URL, {"username": staff.email, "password": PASSWORD})
    secret = re.findall(r">\s*([A-Z2-7]{32})\s*<", thief.get(ENROLMENT).content.decode())[0]
    change = {"password": PASSWORD, "new_password": "another-horse-10"}
    assert client_of(staff).post("/api/v1/users/change_password/", change).status_code == 200

    answer = thief.post(ENROLMENT, {"token": pyotp.TOTP(secret).now()})

    staff.refresh_from_db()
    assert (answer["Location"], staff.totp_enabled) == ("/admin/login/", False)


def test_an_address_that_staff_put_in_waits_for_its_proof(staff: User, student: User, client: Client) -> None:
    """Else what a stranger wrote from it, who has no account, would be handed out with the account's data."""
    User.objects.filter(pk=student.pk).update(email_verified=True)
    new = "victim@example.com"
    form = {"name": "Vera", "email": new, "message": "A private matter.", "elapsed_ms": 9000}
    assert APIClient().post("/api/v1/contacts/contacts/", form, format="json").status_code == 201
    client.force_login(staff, backend="users.backends.SessionOnlyBackend")
    page = f"/admin/users/user/{student.pk}/change/"
    data = {name: value for name, value in client.get(page).context["adminform"].form.initial.items() if value}

    OutgoingMail.objects.all().delete()
    answer = client.post(page, {**data, "email": new, "created_at_0": "2026-01-01", "created_at_1": "00:00:00"})

    old_address = student.email
    student.refresh_from_db()
    assert (answer.status_code, student.email, student.email_verified) == (302, new, False)
    mails = OutgoingMail.objects.order_by("recipient").values_list("recipient", "subject")
    told = [(old_address, "Your e-mail address was changed"), (new, "Please confirm your e-mail address")]
    assert list(mails) == told
    assert "A private matter." not in client_of(student).get("/api/v1/users/export/").content.decode()


def test_an_address_that_swells_is_refused_in_the_form(staff: User, student: User, client: Client) -> None:
    client.force_login(staff, backend="users.backends.SessionOnlyBackend")
    page = f"/admin/users/user/{student.pk}/change/"
    data = {name: value for name, value in client.get(page).context["adminform"].form.initial.items() if value}

    answer = client.post(page, {**data, "email": SWELLING, "created_at_0": "2026-01-01", "created_at_1": "00:00:00"})

    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors["email"] == ["This address is too long."]


@pytest.fixture
def clerk(db: None) -> Client:
    """The browser of somebody who may change people, and has no other rights."""
    person = make_user("clerk@example.com", is_staff=True)
    person.user_permissions.set(Permission.objects.filter(codename__in=["view_user", "change_user"]))
    browser = Client()
    browser.force_login(person, backend="users.backends.SessionOnlyBackend")
    return browser


def test_nobody_finds_a_hash_out_sign_by_sign(clerk: Client, staff: User) -> None:
    for lookup in ("password__startswith=argon2", "totp_secret__startswith=g", "user__password__contains=a"):
        assert clerk.get(f"/admin/users/user/?{lookup}").status_code == 400


def test_only_superusers_give_rights(clerk: Client, student: User) -> None:
    for person in (User.objects.get(email="clerk@example.com"), student):
        page = f"/admin/users/user/{person.pk}/change/"
        data = {name: value for name, value in clerk.get(page).context["adminform"].form.initial.items() if value}
        given = {"is_superuser": "on", "is_staff": "on", "created_at_0": "2026-01-01", "created_at_1": "00:00:00"}
        assert clerk.post(page, {**data, **given, "bio": "Changed."}).status_code == 302

        after = User.objects.get(pk=person.pk)
        assert (after.bio, after.is_superuser, after.is_staff) == ("Changed.", False, person.is_staff)


def test_only_superusers_change_people_of_the_staff(clerk: Client, staff: User) -> None:
    page = f"/admin/users/user/{staff.pk}/change/"

    assert clerk.post(page, {"email": "clerk@example.net"}).status_code == 403
    phone = client_of(staff)
    clerk.post("/admin/users/user/", {"action": "end_sessions", "_selected_action": [str(staff.pk)]})
    assert phone.get("/api/v1/users/profile/").status_code == 200


def test_whoever_may_only_look_unlocks_nobody(clerk: Client, student: User) -> None:
    User.objects.get(email="clerk@example.com").user_permissions.set(Permission.objects.filter(codename="view_user"))
    phone = client_of(student)

    clerk.post("/admin/users/user/", {"action": "end_sessions", "_selected_action": [str(student.pk)]})

    assert phone.get("/api/v1/users/profile/").status_code == 200


def test_only_superusers_write_the_rights_of_groups(clerk: Client) -> None:
    User.objects.get(email="clerk@example.com").user_permissions.set(Permission.objects.all())

    assert clerk.get("/admin/auth/group/").status_code == 200
    assert clerk.post("/admin/auth/group/add/", {"name": "All"}).status_code == 403
