"""What an operator does beside importing: choose, compare, repair, take back, show; and courses and old payments."""

import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from contacts.models import Contact
from courses.models import Course, Enrollment, EnrollmentGrant
from legacy_import.models import ImportedRecord, ImportRun, OldPayment
from legacy_import.undoing import undo
from payments.models import Payment
from tests.legacy_import.conftest import MakeSqlite
from tests.legacy_import.imports import counted, everything_stored, import_from, noted
from tests.legacy_import.test_import_dirty_rows import BCRYPT
from users.models import User

pytestmark = pytest.mark.django_db


def command(*arguments: object) -> int:
    """Run the command and return its exit code."""
    try:
        call_command("import_from_nodejs", *map(str, arguments))
    except CommandError as ended:
        return ended.returncode
    return 0


@pytest.fixture
def shop(make_sqlite: MakeSqlite) -> Path:
    """An old database with courses and payments."""
    return make_sqlite(f"""
        CREATE TABLE users (id, email, password, name, createdAt);
        INSERT INTO users VALUES (1, 'a@example.com', '{BCRYPT}', 'A B', '2023-01-01'),
            (2, 'b@example.com', '{BCRYPT}', 'B C', '2023-01-01');
        CREATE TABLE courses (id, title, price, currency, is_published, createdAt);
        INSERT INTO courses VALUES (5, 'Rust', 100, 'usd', 1, '2022-01-01'), (6, 'Go', NULL, 'usd', 1, '2022-01-01');
        CREATE TABLE enrollments (id, userId, course_id, status, createdAt);
        INSERT INTO enrollments VALUES (1, 1, 5, 'pending', '2023-02-01'), (2, 2, 5, 'active', '2023-02-01');
        CREATE TABLE payments (id, user_id, course_id, amount, currency, status, stripe_payment_intent_id, created_at);
        INSERT INTO payments VALUES (1, 1, 5, 100, 'usd', 'succeeded', 'pi_3Old000000000001', '2023-02-01'),
            (2, 2, 5, 100, 'usd', 'failed', '', '2023-02-01'), (3, 99, 5, 100, 'usd', 'succeeded', '', '2023-02-01');
    """)


# --- Courses and old payments -----------------------------------------------------------------------------------
def test_courses_come_over_and_one_without_a_price_is_not_published(shop: Path) -> None:
    report = import_from(shop)

    assert counted(report, "courses") == {"created": 2}
    assert dict(Course.objects.values_list("title", "is_published")) == {"Rust": True, "Go": False}
    assert noted(report, "courses")["price_unknown_not_published"] == 1
    assert report.courses_created == []


def test_a_course_that_is_the_same_as_one_here_stays_so_when_its_row_changes(
    shop: Path, make_sqlite: MakeSqlite
) -> None:
    Course.objects.create(title="RUST", slug="rust-here", price=50)
    assert counted(import_from(shop), "courses") == {"created": 1, "merged": 1}
    make_sqlite("UPDATE courses SET price = 120 WHERE id = 5")

    report = import_from(shop)

    assert counted(report, "courses") == {"merged": 1, "unchanged": 1}
    assert dict(Course.objects.values_list("title", "price")) == {"RUST": 50, "Go": 0}


def test_old_money_is_visible_and_nothing_that_talks_to_stripe_knows_it(shop: Path) -> None:
    report = import_from(shop)

    assert counted(report, "payments") == {"created": 3}
    assert not Payment.objects.exists()
    assert sorted(OldPayment.objects.values_list("status", flat=True)) == ["failed", "succeeded", "succeeded"]
    assert OldPayment.objects.get(intent_id="pi_3Old000000000001").user == User.objects.get(email="a@example.com")
    assert counted(import_from(shop), "payments") == {"unchanged": 3}


def test_a_paid_enrolment_is_open_and_rests_on_the_payment(shop: Path) -> None:
    import_from(shop)

    paid = Enrollment.objects.get(user__email="a@example.com")
    assert paid.status == "active"
    assert list(EnrollmentGrant.objects.filter(enrollment=paid).values_list("kind", "reference")) == [
        ("import", "payment:1")
    ]


def test_a_refund_on_the_old_site_takes_the_enrolment_back(shop: Path, make_sqlite: MakeSqlite) -> None:
    import_from(shop)
    make_sqlite("UPDATE payments SET status = 'refunded' WHERE id = 1")

    import_from(shop)

    assert Enrollment.objects.get(user__email="a@example.com").status == "cancelled"


# --- Choosing ---------------------------------------------------------------------------------------------------
def test_tables_can_be_chosen_and_rows_limited(sample: Path) -> None:
    assert command(sample, "--tables", "users, contacts", "--limit", 10) == 0

    assert (User.objects.count(), Contact.objects.count(), Enrollment.objects.count()) == (10, 10, 0)
    assert command(sample, "--tables", "shoes") == 2
    assert command(sample, "--limit", 0) == 2


def test_rows_older_than_asked_for_are_left_out_and_counted(make_sqlite: MakeSqlite) -> None:
    old = make_sqlite(
        "CREATE TABLE contacts (id, name, email, message, createdAt);"
        "INSERT INTO contacts VALUES (1, 'A', 'a@example.com', 'old', '2020-01-01'),"
        "(2, 'A', 'a@example.com', 'new', '2024-01-01'), (3, 'A', 'a@example.com', 'undated', NULL)"
    )

    assert command(old, "--since", "2023-01-01") == 0

    assert set(Contact.objects.values_list("message", flat=True)) == {"new", "undated"}
    assert ImportRun.objects.get().report["tables"][0]["left_out"] == 1
    assert command(old, "--since", "yesterday") == 2


# --- Comparing --------------------------------------------------------------------------------------------------
def test_both_sides_are_compared_row_by_row(sample: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import_from(sample)
    before = everything_stored()
    assert command(sample, "--verify") == 0
    Contact.objects.filter(pk=ImportedRecord.objects.get(kind="contacts", legacy_id="7").object_id).update(message="x")

    assert command(sample, "--verify") == 1

    assert "contacts 7 was changed here" in capsys.readouterr().out
    Contact.objects.filter(message="x").delete()
    assert command(sample, "--verify") == 1
    assert "contacts 7 was deleted here" in capsys.readouterr().out
    assert len(everything_stored()["users.User"]) == len(before["users.User"])


def test_what_is_new_or_changed_in_the_old_database_is_named(
    make_sqlite: MakeSqlite, capsys: pytest.CaptureFixture[str]
) -> None:
    old = make_sqlite(
        "CREATE TABLE contacts (id, name, email, message); INSERT INTO contacts VALUES (1, 'A', 'a@example.com', 'm')"
    )
    import_from(old)
    make_sqlite("UPDATE contacts SET message = 'other'; INSERT INTO contacts VALUES (2, 'A', 'a@example.com', 'm')")

    assert command(old, "--verify") == 1

    output = capsys.readouterr().out
    assert "contacts 1 changed in the old database" in output
    assert "contacts 2 is not here" in output


# --- Taking back ------------------------------------------------------------------------------------------------
def test_a_run_can_be_taken_back(sample: Path) -> None:
    stored = everything_stored()
    import_from(sample)

    assert command("--undo", ImportRun.objects.get().pk) == 0

    assert everything_stored() == stored | {"courses.Course": list(Course.objects.order_by("pk").values())}
    assert command("--undo", "no-run") == 2


def test_what_somebody_touched_since_is_left_and_named(sample: Path) -> None:
    import_from(sample)
    User.objects.filter(email="person01@example.com").update(last_login=timezone.now())
    User.objects.filter(email="person02@example.com").update(last_name="Corrected")

    undone = undo(str(ImportRun.objects.get().pk))

    assert undone.reasons == {"its owner has logged in": 1, "it was changed since": 1}
    assert User.objects.count() == 2
    assert counted(import_from(sample), "users") == {"created": 38, "unchanged": 2}


# --- Repairing --------------------------------------------------------------------------------------------------
def test_a_rejected_row_is_fed_back_after_its_repair(make_sqlite: MakeSqlite, tmp_path: Path) -> None:
    old = make_sqlite(
        "CREATE TABLE users (id INTEGER PRIMARY KEY, email, password, name, createdAt);"
        f"INSERT INTO users VALUES (1, 'no address', '{BCRYPT}', 'A B', '2023-01-01')"
    )
    report = import_from(old)
    line = json.loads(Path(report.rejects_file).read_text())
    line["row"]["email"] = "a@example.com"
    repaired = tmp_path / "repaired.jsonl"
    repaired.write_text(json.dumps(line))

    assert command(old, "--retry", repaired) == 0

    account = User.objects.get()
    assert (account.email, account.password) == ("a@example.com", f"bcrypt_node${BCRYPT}")
    assert command(old, "--retry", tmp_path / "no-file") == 2


# --- Showing ----------------------------------------------------------------------------------------------------
def test_the_report_can_be_had_as_a_page_that_needs_nothing_else(sample: Path, tmp_path: Path) -> None:
    page = tmp_path / "report.html"

    assert command(sample, "--report", page) == 0

    html = page.read_text()
    assert html.count("<svg") == 2
    assert "Ó&amp;#x27;Dálaigh" in html
    assert not any(word in html for word in ("<script", "http://", "https://", "url("))
