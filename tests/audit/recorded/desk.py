"""What the admin records: logins, each page on which something is added, changed or deleted, and each action."""

import time
from typing import Any

import pyotp
from django.contrib.auth.models import Group
from django.db.models import Model
from django.test import Client

from audit.models import AuditLog
from tests.audit.recorded.accounts import TRIES
from tests.audit.recorded.world import NEW_PASSWORD, NOBODY, Send, World, case
from tests.conftest import PASSWORD
from tests.courses.conftest import make_course
from users.forms import PENDING_ENROLMENT
from users.models import User
from users.services.second_factor import pending_enrolment, start_enrolment
from users.services.sessions import open_session

LOGIN = "/admin/login/?next=/admin/"
EXPORTED = (
    "courses.certificate",
    "courses.course",
    "courses.enrollment",
    "courses.enrollmentrequest",
    "legacy_import.importrun",
    "payments.document",
    "payments.payment",
    "titanobova.outgoingmail",
    "users.loginattempt",
    "users.user",
)


@case("ADMIN login/", "auth.login.succeeded", status=302)
def enter(world: World) -> Send:
    return lambda: _browser().post(LOGIN, {"username": world.staff.email, "password": PASSWORD})


@case("ADMIN login/ refused", "auth.login.failed", kept=TRIES)
def fail_to_enter(world: World) -> Send:
    return lambda: _browser().post(LOGIN, {"username": world.staff.email, "password": "wrong-horse-9"})


@case("ADMIN login/ with a wrong code", "auth.2fa.failed", kept=TRIES)
def enter_with_a_wrong_code(world: World) -> Send:
    world.student, student = world.staff, world.student
    world.protected()
    world.student = student
    form = {"username": world.staff.email, "password": PASSWORD, "token": "abcdef"}
    return lambda: _browser().post(LOGIN, form)


@case("ADMIN logout/", "auth.session.ended")
def leave(world: World) -> Send:
    desk = world.desk
    return lambda: desk.post("/admin/logout/")


@case("ADMIN password_change/", "auth.password.changed", status=302)
def change_the_password(world: World) -> Send:
    return _change_password(world, PASSWORD)


@case("ADMIN password_change/ refused", "auth.login.failed", kept=TRIES)
def change_the_password_wrongly(world: World) -> Send:
    return _change_password(world, "wrong-horse-9")


@case("ADMIN second-factor/", "auth.2fa.enabled", "auth.login.succeeded", kept=("users_user",), status=302)
def set_up_the_second_factor(world: World) -> Send:
    browser = _browser()
    start_enrolment(world.staff, by=NOBODY)
    session = browser.session
    proved = world.staff.get_session_auth_hash()
    session[PENDING_ENROLMENT] = {"user": str(world.staff.pk), "at": time.time(), "hash": proved}
    session.save()
    browser.cookies["sessionid"] = session.session_key or ""
    totp = pyotp.TOTP(pending_enrolment(world.staff)[0])
    return lambda: browser.post("/admin/second-factor/", {"token": totp.now()})


@case("ADMIN auth.group add", "admin.added", status=302)
def add_a_group(world: World) -> Send:
    return _post(world, "auth/group/add/", {"name": "Editors"})


@case("ADMIN auth.group change", "admin.changed", status=302)
def change_a_group(world: World) -> Send:
    return _change(world, Group.objects.create(name="Editors"), name="Writers")


@case("ADMIN auth.group delete", "admin.deleted", status=302)
def delete_a_group(world: World) -> Send:
    return _delete(world, Group.objects.create(name="Editors"))


@case("ADMIN users.user change", "admin.changed", status=302)
def change_a_user(world: World) -> Send:
    return _change(world, world.student, bio="new")


@case("ADMIN users.user change of rights", "admin.changed", "auth.sessions.ended", status=302)
def change_rights(world: World) -> Send:
    open_session(world.student, by=NOBODY)
    return _change(world, world.student, is_staff="on")


@case("ADMIN users.user unlock_accounts", "auth.account.unlocked", status=302)
def unlock(world: World) -> Send:
    User.objects.filter(pk=world.student.pk).update(failed_login_attempts=3)
    return _act(world, world.student, "unlock_accounts")


@case("ADMIN users.user end_sessions", "auth.sessions.ended", status=302)
def end_sessions(world: World) -> Send:
    open_session(world.student, by=NOBODY)
    return _act(world, world.student, "end_sessions")


@case("ADMIN contacts.contact change", "contacts.updated", status=302)
def change_a_contact(world: World) -> Send:
    return _change(world, world.contact(), internal_notes="new")


@case("ADMIN contacts.contact delete", "contacts.deleted", status=302)
def delete_a_contact(world: World) -> Send:
    return _delete(world, world.contact())


@case("ADMIN contacts.contact answer", "contacts.answered", status=302)
def answer(world: World) -> Send:
    return _post(world, f"contacts/contact/{world.contact().pk}/answer/", {"message": "Forty."})


@case("ADMIN contacts.contact mark_spam", "contacts.marked_as_spam", status=302)
def mark_spam(world: World) -> Send:
    return _act(world, world.contact(), "mark_spam")


@case("ADMIN contacts.contact unmark_spam", "contacts.unmarked_as_spam", status=302)
def unmark_spam(world: World) -> Send:
    contact = world.contact()
    type(contact).objects.update(is_spam=True)
    return _act(world, contact, "unmark_spam", "?is_spam=all")


@case("ADMIN contacts.contact close", "contacts.closed", status=302)
def close(world: World) -> Send:
    return _act(world, world.contact(), "close")


@case("ADMIN contacts.contact export_csv", "contacts.exported")
def export_contacts(world: World) -> Send:
    return _act(world, world.contact(), "export_csv")


@case("ADMIN contacts.contact export_jsonl", "contacts.exported")
def export_contacts_as_lines(world: World) -> Send:
    return _act(world, world.contact(), "export_jsonl")


@case("ADMIN audit.auditlog export_csv", "audit.exported")
def export_the_log(world: World) -> Send:
    return _act(world, AuditLog.objects.create(action="login"), "export_csv")


@case("ADMIN audit.auditlog export_jsonl", "audit.exported")
def export_the_log_as_lines(world: World) -> Send:
    return _act(world, AuditLog.objects.create(action="login"), "export_jsonl")


@case("ADMIN courses.course add", "admin.added", status=302)
def add_a_course(world: World) -> Send:
    form = {"title": "Pottery", "slug": "pottery", "level": "beginner", "price": "0", "currency": "usd"}
    return _post(world, "courses/course/add/", form | {"duration_hours": "1"})


@case("ADMIN courses.course change", "admin.changed", status=302)
def change_a_course(world: World) -> Send:
    return _change(world, make_course(), title="Better")


@case("ADMIN courses.course delete", "admin.deleted", status=302)
def delete_a_course(world: World) -> Send:
    return _delete(world, make_course())


@case("ADMIN courses.course delete_selected", "admin.deleted", status=302)
def delete_courses(world: World) -> Send:
    return _act(world, make_course(), "delete_selected", post="yes")


@case("ADMIN courses.course publish", "courses.course.published", status=302)
def publish(world: World) -> Send:
    return _act(world, make_course(is_published=False), "publish")


@case("ADMIN courses.course unpublish", "courses.course.unpublished", status=302)
def unpublish(world: World) -> Send:
    return _act(world, make_course(), "unpublish")


@case("ADMIN courses.lesson add", "admin.added", status=302)
def add_a_lesson(world: World) -> Send:
    form = {"course": str(make_course().pk), "position": "1", "title": "First"}
    return _post(world, "courses/lesson/add/", form)


@case("ADMIN courses.lesson change", "admin.changed", status=302)
def change_a_lesson(world: World) -> Send:
    return _change(world, make_course().lessons.create(position=1, title="First"), title="Better")


@case("ADMIN courses.lesson delete", "courses.lesson.deleted", status=302)
def delete_a_lesson(world: World) -> Send:
    return _delete(world, make_course().lessons.create(position=1, title="First"))


def _export(label: str, action: str) -> None:
    """Put an action that hands out rows into the table."""

    def prepare(world: World) -> Send:
        form = {"action": action, "select_across": "1", "_selected_action": [str(world.student.pk)]}
        return _post(world, f"{label.replace('.', '/')}/", form)

    case(f"ADMIN {label} {action}", "admin.exported")(prepare)


for exported in EXPORTED:
    for to in ("export_csv", "export_jsonl"):
        _export(exported, to)


def _browser() -> Client:
    return Client(raise_request_exception=False)


def _change_password(world: World, old: str) -> Send:
    form = {"old_password": old, "new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD}
    return _post(world, "password_change/", form)


def _page(row: Model) -> str:
    return f"/admin/{row._meta.app_label}/{row._meta.model_name}/"


def _post(world: World, path: str, form: dict[str, Any]) -> Send:
    desk = world.desk
    return lambda: desk.post(f"/admin/{path}", form)


def _change(world: World, row: Model, **changes: str) -> Send:
    desk, url = world.desk, f"{_page(row)}{row.pk}/change/"
    page = desk.get(url).context
    sent = {name: page["adminform"].form.initial.get(name) for name in page["adminform"].form.fields}
    for inline in page["inline_admin_formsets"]:
        sent |= {f"{inline.formset.prefix}-TOTAL_FORMS": "0", f"{inline.formset.prefix}-INITIAL_FORMS": "0"}
    form = {name: value for name, value in (sent | changes).items() if value or value == 0}
    return lambda: desk.post(url, form)


def _delete(world: World, row: Model) -> Send:
    desk = world.desk
    return lambda: desk.post(f"{_page(row)}{row.pk}/delete/", {"post": "yes"})


def _act(world: World, row: Model, action: str, query: str = "", **more: str) -> Send:
    desk = world.desk
    return lambda: desk.post(f"{_page(row)}{query}", {"action": action, "_selected_action": [str(row.pk)], **more})
