"""The sample of an old database, imported whole."""

from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

import pytest

from audit.models import AuditLog
from contacts.models import Contact
from courses.models import Course, Enrollment, EnrollmentRequest
from legacy_import.models import ImportedRecord, ImportRun
from tests.legacy_import.imports import Written, counted, everything_stored, import_from
from titanobova.models import OutgoingMail
from users.models import User

pytestmark = pytest.mark.django_db
TABLES = {"users": 40, "contacts": 60, "enrollments": 49, "registrations": 35}


def test_every_row_comes_over_and_the_report_balances(sample: Path) -> None:
    report = import_from(sample)

    assert {table: counted(report, table) for table in TABLES} == {name: {"created": n} for name, n in TABLES.items()}
    assert report.balances
    stored = [model._default_manager.count() for model in (User, Contact, Enrollment, EnrollmentRequest)]
    assert stored == list(TABLES.values())


def test_a_rerun_finds_everything_unchanged_and_writes_nothing_but_its_own_run(sample: Path) -> None:
    import_from(sample)
    before = everything_stored()

    with Written() as tables:
        report = import_from(sample, batch_size=7)

    assert {table: counted(report, table) for table in TABLES} == {name: {"unchanged": n} for name, n in TABLES.items()}
    assert tables == {"legacy_import_importrun", "audit_auditlog"}
    assert everything_stored() == before


def test_text_is_as_its_author_typed_it(sample: Path) -> None:
    import_from(sample)

    assert Contact.objects.filter(name="Wanjiru O'Brien").count() == 3
    assert Contact.objects.filter(message="5 < 6 && 7 > 3, right? `code` and C:\\path").exists()
    assert not Contact.objects.filter(message__contains="&#").exists()


def test_an_instant_is_kept_to_the_millisecond_and_orders_the_lists(sample: Path) -> None:
    import_from(sample)

    account = User.objects.get(email="person02@example.com")
    assert account.created_at == datetime(2023, 3, 10, 23, 39, 3, 74_000, tzinfo=UTC)
    dates = list(Contact.objects.values_list("created_at", flat=True))
    assert dates == sorted(dates, reverse=True)


def test_a_message_belongs_to_the_account_of_its_sender(sample: Path) -> None:
    import_from(sample)

    account = User.objects.get(email="person31@example.com")
    assert set(Contact.objects.filter(user=account).values_list("email", flat=True)) == {"person31@example.com"}
    assert not Contact.objects.filter(user=None, email__in=User.objects.values("email")).exists()


def test_titles_that_nobody_knows_become_unpublished_courses(sample: Path) -> None:
    report = import_from(sample)

    assert sorted(report.courses_created) == sorted(Course.objects.values_list("title", flat=True))
    assert "UI/UX Design" in report.courses_created
    assert set(Course.objects.values_list("is_published", "is_imported")) == {(False, True)}


def test_a_title_finds_a_course_without_regard_to_case_and_space(sample: Path) -> None:
    known = Course.objects.create(title=" ui/UX   design", slug="design", is_published=True)

    report = import_from(sample)

    assert "UI/UX Design" not in report.courses_created
    assert known.enrollments.count() == 14
    assert known.enrollment_requests.count() == 10


def test_a_registration_keeps_its_price_and_whether_it_was_paid(sample: Path) -> None:
    import_from(sample, currency="INR")

    paid = EnrollmentRequest.objects.get(first_name="Grzegorz", course_title="Backend & APIs")
    assert (paid.price, paid.currency, paid.is_paid, paid.level) == (Decimal(12999), "inr", True, "Intermediate")
    assert EnrollmentRequest.objects.filter(is_paid=True).count() == 6


def test_an_old_id_leads_to_ours_and_ours_back_to_the_old_one(sample: Path) -> None:
    import_from(sample)

    account = User.objects.get(email="person01@example.com")
    assert ImportedRecord.objects.get(kind="users", legacy_id="2").object_id == account.pk
    assert ImportedRecord.objects.get(object_id=account.pk).legacy_id == "2"


def test_the_old_admins_label_grants_nothing(sample: Path) -> None:
    import_from(sample)

    admin = User.objects.get(email="person00@example.com")
    assert admin.user_type == User.Type.ADMIN
    assert not User.objects.filter(is_staff=True).exists()
    assert not User.objects.filter(is_superuser=True).exists()


def test_with_trust_roles_old_admins_are_staff_and_the_report_names_them(sample: Path) -> None:
    report = import_from(sample, trust_roles=True)

    assert list(User.objects.filter(is_staff=True).values_list("email", flat=True)) == ["person00@example.com"]
    assert not User.objects.filter(is_superuser=True).exists()
    granted = report.tables[0].coerced["is_staff", "staff_granted"]
    assert (granted.count, granted.sample) == (1, "person00@example.com")


def test_a_run_leaves_one_audit_row_its_report_and_no_mail(sample: Path) -> None:
    report = import_from(sample)

    run = ImportRun.objects.get()
    assert run.outcome == ImportRun.Outcome.FINISHED
    assert run.report == report.as_json()
    log = AuditLog.objects.get()
    assert (log.details["event"], log.details["system"], log.resource_id) == ("import.finished", "import", str(run.pk))
    assert not OutgoingMail.objects.exists()


def test_the_source_and_its_folder_stay_as_they_were(sample: Path, tmp_path: Path) -> None:
    copy = tmp_path / "old.sqlite3"
    copy.write_bytes(sample.read_bytes())
    copy.chmod(0o444)

    import_from(copy)

    assert [path.name for path in tmp_path.iterdir()] == ["old.sqlite3"]
    assert sha256(copy.read_bytes()).digest() == sha256(sample.read_bytes()).digest()
