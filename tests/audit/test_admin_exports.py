"""Lists of the admin as files (contract 9)."""

import csv
import io
import json
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib import admin
from django.test import Client

from audit.admin_exports import ExportedAdmin
from audit.models import AuditLog
from contacts.models import Contact
from courses.models import Course, Enrollment
from legacy_import.models import ImportRun
from payments.models import Payment
from tests.courses.conftest import make_course
from titanobova.models import OutgoingMail
from users.models import LoginAttempt, User

COURSES = "/admin/courses/course/"
PROMISED = [User, Contact, Course, Enrollment, Payment, AuditLog, LoginAttempt, OutgoingMail, ImportRun]
SECRET = {"password", "totp_secret", "totp_pending_secret", "digest", "text", "html", "key", "payload"}
EXPORTED: list[Any] = [page for page in admin.site._registry.values() if getattr(page, "export_fields", ())]
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("model", PROMISED, ids=lambda model: model.__name__)
def test_every_promised_list_is_searched_filtered_and_exported(desk: Client, model: Any) -> None:
    page: Any = admin.site.get_model_admin(model)

    shown = desk.get(f"/admin/{page.opts.app_label}/{page.opts.model_name}/")

    assert page in EXPORTED
    assert page.list_filter
    assert 'name="q"' in shown.content.decode()


@pytest.mark.parametrize("page", EXPORTED, ids=lambda page: page.opts.label)
def test_a_file_holds_columns_that_there_are_and_no_secret(page: ExportedAdmin) -> None:
    assert list(page.model._default_manager.values(*page.export_fields)[:1]) is not None
    assert "id" in page.export_fields
    assert not {name.rpartition("__")[2] for name in page.export_fields} & SECRET


@pytest.mark.parametrize("across", ["0", "1"])
def test_the_chosen_courses_or_all_that_were_found_leave_as_csv(desk: Client, across: str) -> None:
    first, _ = make_course(title="=1+1", slug="first"), make_course(title="Second", slug="second")
    make_course(title="Third", slug="third", is_published=False)
    chosen = {"action": "export_csv", "_selected_action": [first.pk], "select_across": across}

    answer = desk.post(f"{COURSES}?is_published__exact=1", chosen)

    rows = list(csv.DictReader(io.StringIO(b"".join(answer).decode())))
    assert [row["title"] for row in rows] == (["Second", "'=1+1"] if across == "1" else ["'=1+1"])
    log = AuditLog.objects.get(details__event="admin.exported")
    assert (log.details["of"], log.details["format"]) == ("courses.course", "csv")
    assert log.all_details["filters"] == {"is_published__exact": "1", "chosen": "all" if across == "1" else 1}


@pytest.mark.parametrize("typed", ["q", "id__in"])
def test_whom_somebody_searched_for_is_not_recorded(desk: Client, student: User, typed: str) -> None:
    words = {"q": student.email, "id__in": student.pk}
    query = urlencode({typed: words[typed], "is_active__exact": "1"})

    answer = desk.post(f"/admin/users/user/?{query}", {"action": "export_csv", "_selected_action": [student.pk]})

    assert student.email in b"".join(answer).decode()
    filters = AuditLog.objects.get(details__event="admin.exported").all_details["filters"]
    assert filters == {typed: "[hidden]", "is_active__exact": "1", "chosen": 1}


def test_enrolments_leave_as_json_lines_with_whose_they_are(desk: Client, student: User) -> None:
    enrollment = Enrollment.objects.create(user=student, course=make_course(slug="first"), status="active")
    chosen = {"action": "export_jsonl", "_selected_action": [enrollment.pk]}

    answer = desk.post("/admin/courses/enrollment/", chosen)

    row = json.loads(b"".join(answer).decode())
    assert (row["user__email"], row["course__slug"], row["status"]) == (student.email, "first", "active")


def test_a_page_without_columns_to_export_offers_no_file(desk: Client) -> None:
    assert "export_csv" not in desk.get("/admin/auth/group/").content.decode()
