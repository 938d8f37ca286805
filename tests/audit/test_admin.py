"""The admin: each edit writes its row in its own transaction, and the log itself is only read."""

from datetime import date
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.forms import modelform_factory
from django.test import Client, RequestFactory
from pytest_django import DjangoAssertNumQueries

from audit import admin as audit_admin
from audit.actor import Actor
from audit.admin import AuditedModelAdmin
from audit.models import AuditLog
from audit.services import record
from tests.conftest import desk_of, make_user
from tests.courses.conftest import make_course
from users.models import BackupCode, User

pytestmark = pytest.mark.django_db

GROUPS, LOG = "/admin/auth/group/", "/admin/audit/auditlog/"


@pytest.fixture
def desk(staff: User) -> Client:
    """A member of the staff in the admin, who may do everything there."""
    return desk_of(staff, REMOTE_ADDR="192.0.2.50", raise_request_exception=False)


def change(desk: Client, user: User, **changes: Any) -> Any:
    """Open the page of `user`, change some fields, and save the form as a browser does."""
    url = f"/admin/users/user/{user.pk}/change/"
    form = desk.get(url).context["adminform"].form
    sent = {**{name: form.initial.get(name) for name in form.fields}, **changes}
    return desk.post(url, {name: text for name, text in sent.items() if text})  # as an empty checkbox is not sent


def test_an_edit_says_who_changed_what_from_what_to_what(desk: Client, staff: User, student: User) -> None:
    answer = change(desk, student, first_name="Grace", date_of_birth=date(1906, 12, 9), is_active="")

    assert answer.status_code == 302
    row = AuditLog.objects.get(details__event="admin.changed")
    assert (row.action, row.user, row.ip_address) == ("update", staff, "192.0.2.50")
    assert (row.resource_type, row.resource_id) == ("users.user", str(student.pk))
    assert row.all_details["fields"] == {
        "first_name": {"from": "Ada", "to": "Grace"},
        "date_of_birth": {"from": "None", "to": "1906-12-09"},
        "is_active": {"from": "True", "to": "False"},
    }


def test_a_person_chosen_in_a_form_is_recorded_by_their_id_alone(desk: Client, staff: User) -> None:
    old, new = (make_user(f"{name}@example.com", user_type="instructor") for name in ("old", "new"))
    course = make_course(title="Ponds", slug="ponds", instructor=old)
    form = {"title": "Ponds", "slug": "ponds", "price": "0", "currency": "eur", "instructor": str(new.pk)}

    answer = desk.post(f"/admin/courses/course/{course.pk}/change/", form)

    assert answer.status_code == 302, answer.content
    fields = AuditLog.objects.get(details__event="admin.changed").all_details["fields"]
    assert fields["instructor"] == {"from": str(old.pk), "to": str(new.pk)}
    assert "@" not in str(fields)


def test_of_several_rows_chosen_in_a_form_the_ids_are_recorded(desk: Client, student: User) -> None:
    first, second = (Group.objects.create(name=name) for name in ("one@example.com", "two@example.com"))
    student.groups.add(first)

    change(desk, student, groups=[second.pk])

    fields = AuditLog.objects.get(details__event="admin.changed").all_details["fields"]
    assert fields == {"groups": {"from": str(first.pk), "to": str(second.pk)}}


def test_an_edit_that_cannot_be_recorded_does_not_happen(
    desk: Client, student: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **facts: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(audit_admin, "record", fail)

    assert change(desk, student, first_name="Grace").status_code == 500
    student.refresh_from_db()
    assert student.first_name == "Ada"


def test_secrets_are_recorded_only_as_changed(staff: User, student: User) -> None:
    person = modelform_factory(User, fields=["password", "bio"])(
        {"password": "hunter2", "bio": "new"}, instance=student
    )
    code = BackupCode.objects.create(user=student, digest="old" * 20)
    digest = modelform_factory(BackupCode, fields=["digest"])({"digest": "new" * 20}, instance=code)
    request = RequestFactory().post("/")
    request.user = staff

    for form in (person, digest):
        form.is_valid()
        AuditedModelAdmin(type(form.instance), admin.site).save_model(request, form.instance, form, change=True)

    second, first = (row.all_details["fields"] for row in AuditLog.objects.all())
    assert first["bio"] == {"from": "", "to": "new"}
    assert (set(first), set(second)) == ({"password", "bio"}, {"digest"})
    assert not [word for word in ("hunter2", "argon2", "oldold", "newnew") if word in str([first, second])]


def test_an_addition_has_its_row(desk: Client) -> None:
    desk.post(f"{GROUPS}add/", {"name": "Editors"})

    row = AuditLog.objects.get()
    assert (row.action, row.details["event"]) == ("create", "admin.added")
    assert row.all_details["fields"]["name"] == {"from": "", "to": "Editors"}
    assert row.resource_id == str(Group.objects.get().pk)


def test_a_deletion_has_its_row(desk: Client) -> None:
    group = Group.objects.create(name="Editors")

    desk.post(f"{GROUPS}{group.pk}/delete/", {"post": "yes"})

    row = AuditLog.objects.get()
    assert not Group.objects.exists()
    assert (row.action, row.resource_id, row.all_details["was"]) == ("delete", str(group.pk), "Editors")


def test_deleting_many_at_once_writes_one_row_each(desk: Client) -> None:
    groups = [Group.objects.create(name=name) for name in ("one", "two", "three")]
    chosen = {"action": "delete_selected", "_selected_action": [group.pk for group in groups], "post": "yes"}

    answer = desk.post(GROUPS, chosen)

    assert answer.status_code == 302
    assert not Group.objects.exists()
    rows = AuditLog.objects.filter(details__event="admin.deleted")
    assert {(row.resource_id, row.all_details["was"]) for row in rows} == {
        (str(group.pk), group.name) for group in groups
    }
    assert len(rows) == 3


def test_the_log_can_be_read_and_nothing_else_even_by_a_superuser(desk: Client, student: User) -> None:
    row = record("login", "auth.login.succeeded", by=Actor(user=student), on=student)
    page, chosen = f"{LOG}{row.pk}/change/", {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}

    assert desk.get(page).status_code == 200
    assert [desk.get(url).status_code for url in (f"{LOG}add/", f"{LOG}{row.pk}/delete/")] == [403, 403]
    assert desk.post(f"{LOG}add/", {"action": "login"}).status_code == 403
    assert desk.post(page, {"action": "delete"}).status_code == 403
    assert desk.post(f"{LOG}{row.pk}/delete/", {"post": "yes"}).status_code == 403
    desk.post(LOG, chosen)

    kept = AuditLog.objects.get(pk=row.pk)
    assert (kept.action, kept.details) == ("login", {"event": "auth.login.succeeded"})


def test_the_address_of_the_guide_leads_there_with_its_query(desk: Client) -> None:
    answer = desk.get("/admin/users/auditlog/?action__exact=login&q=ada%40example.com")

    assert answer.status_code == 302
    assert answer.headers["Location"] == f"{LOG}?action__exact=login&q=ada%40example.com"
    assert desk.get(answer.headers["Location"]).status_code == 200


def test_a_page_of_the_log_costs_few_queries(
    desk: Client, student: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    AuditLog.objects.bulk_create(AuditLog(action="login", user=student, details={"event": "x"}) for _ in range(60))

    with django_assert_max_num_queries(10):
        assert desk.get(LOG).status_code == 200


@pytest.mark.parametrize(
    "words", ["192.0.2.1", "not an address", "student@example.com", "' OR 1=1 --", "%", "\x00", "\U0001f600"]
)
def test_any_words_can_be_searched_for(desk: Client, student: User, words: str) -> None:
    record("login", "x", by=Actor(user=student, ip_address="192.0.2.1"), on=student)

    assert desk.get(LOG, {"q": words}).status_code == 200


def test_rows_of_a_deleted_account_are_shown(desk: Client, student: User) -> None:
    row = record("login", "auth.login.succeeded", by=Actor(user=student), on=student)
    student.delete()

    assert "auth.login.succeeded" in desk.get(LOG).content.decode()
    assert desk.get(f"{LOG}{row.pk}/change/").status_code == 200


def test_no_page_of_the_admin_escapes_the_log(staff: User, rf: RequestFactory) -> None:
    pages = admin.site._registry.values()

    assert len(pages) > 5
    assert [page for page in pages if not isinstance(page, AuditedModelAdmin)] == []
    request = rf.get("/")
    request.user = staff
    for inline in [inline(page.model, admin.site) for page in pages for inline in page.inlines]:
        # What an inline form changes, save_model does not see.
        may_delete = inline.can_delete and inline.has_delete_permission(request, None)
        allowed = [inline.has_add_permission(request, None), inline.has_change_permission(request, None), may_delete]
        assert allowed == [False] * 3
