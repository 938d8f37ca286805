"""`--verify`: every row is read and mapped afresh, and compared with what is here now."""

import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.actor import Actor
from audit.models import AuditLog
from contacts.models import Contact
from courses.models import Course, Enrollment, EnrollmentRequest
from legacy_import.comparing import verify
from legacy_import.differences import Comparison, How
from legacy_import.exclusive import only_import
from legacy_import.loading import WRITERS
from legacy_import.loading.checksums import checksum_of_object
from legacy_import.mapping import ImportOptions
from legacy_import.models import ImportedRecord
from legacy_import.pipeline import Order
from tests.conftest import RunTogether
from tests.legacy_import.conftest import Change, MakeSqlite, MariaDatabase
from tests.legacy_import.imports import everything_stored, import_from
from tests.legacy_import.links import BreakingLink
from tests.legacy_import.test_import_dirty_rows import (
    BCRYPT,
    CONTACTS,
    ENROLLMENTS,
    REGISTRATIONS,
    USERS,
    contact,
    enrollment,
    user,
)
from tests.legacy_import.test_import_operation import shop as shop  # noqa: PLC0414 - a fixture
from users.models import User
from users.services.privacy import erase_account

pytestmark = pytest.mark.django_db


def compared(old: Path | str, **options: object) -> Comparison:
    """Compare both sides."""
    return verify(Order(str(old), ImportOptions(), **options))  # type: ignore[arg-type]  # fields of the order


def differences(old: Path | str) -> list[str]:
    """Return every difference as it is named."""
    found: list[str] = []
    verify(Order(str(old), ImportOptions()), lambda difference: found.append(str(difference)))
    return found


def command(*arguments: object) -> tuple[int, str]:
    """Run the command; return its exit code, and what it complains of."""
    try:
        call_command("import_from_nodejs", *map(str, arguments))
    except CommandError as ended:
        return ended.returncode, str(ended)
    return 0, ""


def object_of(kind: str, legacy_id: object) -> ImportedRecord:
    """Return what is remembered of an old row."""
    return ImportedRecord.objects.get(kind=kind, legacy_id=str(legacy_id))


@pytest.fixture
def old(old: Path) -> Path:
    """All of the sample is here."""
    import_from(old)
    return old


# --- What is the same -------------------------------------------------------------------------------------------
def test_both_sides_are_the_same_after_an_import(old: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(old, "--verify") == (0, "")

    output = capsys.readouterr().out
    assert "users: 40 rows in the old database, 40 imported rows are remembered" in output
    assert output.endswith("Both sides are the same.\n")


def test_nothing_is_stored_by_comparing(old: Path, change: Change) -> None:
    change(
        "INSERT INTO users VALUES (77, 'new@example.com', 'plain', 'New One', 'student', '2024-01-01 00:00:00');"
        "INSERT INTO enrollments VALUES (900, 1, 'A title that nobody knows', 'active', '2024-01-02 00:00:00');"
        "UPDATE contacts SET message = 'other'; UPDATE enrollments SET status = 'completed'"
    )
    before, audited = everything_stored(), AuditLog.objects.count()

    assert compared(old).differences > 100

    assert everything_stored() == before
    assert AuditLog.objects.count() == audited


def test_merged_and_rejected_rows_are_no_differences(make_sqlite: MakeSqlite) -> None:
    here = User.objects.create(email="here@example.com", email_verified=True, first_name="Own")
    User.objects.create(email="unproved@example.com")
    states = enumerate(["pending", "completed", "active", "cancelled"], start=1)
    old = make_sqlite(
        USERS
        + ENROLLMENTS
        + CONTACTS
        + REGISTRATIONS
        + user(1, "Ada@Example.com", name="First Row")
        + user(2, " ada@example.COM", name="Second Row", password="plain text")
        + user(3, "no address")
        + user(4, "HERE@example.com", name="Another Name")
        + user(5, "twice@example.com")
        + user(5, "twice@example.com")
        + user(5, "different@example.com")
        + user(6, "unproved@example.com")
        + "".join(enrollment(number, 1, state) for number, state in states)
        + enrollment(5, 2, "active")
        + enrollment(6, 99, "active")
        + enrollment(7, 4, "pending")
        + enrollment(8, 3, "pending")
        + contact(1, "ada@example.com", phone="0" * 51)
        + contact(2, "ada@example.com")
    )
    report = import_from(old)
    assert sum(table.merged for table in report.tables) == 5
    assert report.rejected == 6

    found = compared(old)

    assert found.differences == 0
    assert sum(one.rejected for one in found.kinds.values()) == report.rejected + 1  # one is a mere repetition
    assert User.objects.get(pk=here.pk).first_name == "Own"


def test_rows_that_other_rows_decided_about_are_no_differences(shop: Path, make_sqlite: MakeSqlite) -> None:
    import_from(shop)
    assert differences(shop) == []
    make_sqlite("UPDATE payments SET status = 'refunded' WHERE id = 1")
    import_from(shop)
    assert Enrollment.objects.get(user__email="a@example.com").status == "cancelled"

    assert differences(shop) == []


def test_an_old_payment_whose_enrolment_ended_here_is_no_difference(shop: Path) -> None:
    import_from(shop)
    Enrollment.objects.filter(user__email="b@example.com").update(status="cancelled")

    assert differences(shop) == ["enrollments 2 was changed here: status"]


# --- What differs, and on which side ----------------------------------------------------------------------------
def test_what_was_changed_here_is_named_with_its_fields_and_without_its_values(
    old: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Contact.objects.filter(pk=object_of("contacts", 7).object_id).update(message="Corrected", subject="Corrected")

    assert command(old, "--verify") == (1, "1 differences.")

    output = capsys.readouterr().out
    assert "contacts 7 was changed here: subject, message\n" in output
    assert "Corrected" not in output


def test_what_moved_on_in_the_old_database_is_told_apart(old: Path, change: Change) -> None:
    User.objects.filter(pk=object_of("users", 3).object_id).update(last_name="Corrected")
    User.objects.filter(pk=object_of("users", 4).object_id).update(last_name="Corrected")
    change(
        "UPDATE users SET userType = 'instructor' WHERE id IN (2, 3);"
        "UPDATE enrollments SET status = 'completed', courseTitle = 'Entirely New' WHERE id = 1"
    )

    assert differences(old) == [
        "users 2 changed in the old database, or is read by other rules now: user_type",
        "users 3 changed on both sides: last_name, user_type",
        "users 4 was changed here: last_name",
        "enrollments 1 changed in the old database, or is read by other rules now: course_id, status, completed_at",
    ]


def test_what_means_the_same_on_both_sides_is_no_difference_however_it_came_about(old: Path, change: Change) -> None:
    change("UPDATE contacts SET message = 'It&#x27;s fixed' WHERE id = 7")
    Contact.objects.filter(pk=object_of("contacts", 7).object_id).update(message="It's fixed")

    assert differences(old) == []


def test_what_was_stored_wrongly_is_found_although_every_checksum_fits(old: Path) -> None:
    record = object_of("contacts", 7)
    wrong = Contact.objects.get(pk=record.object_id)
    wrong.message = wrong.message[:-1]
    wrong.save()
    written = checksum_of_object(wrong, WRITERS[record.kind].columns)  # type: ignore[index]  # a kind is its text
    ImportedRecord.objects.filter(pk=record.pk).update(written=written)

    assert differences(old) == [f"contacts 7 {How.OTHERWISE}: message"]


def test_rows_that_are_on_one_side_alone_are_named(old: Path, change: Change) -> None:
    Contact.objects.filter(pk=object_of("contacts", 7).object_id).delete()
    change(
        "INSERT INTO users VALUES (77, 'new@example.com', 'plain', 'New One', 'student', '2024-01-01 00:00:00');"
        "INSERT INTO enrollments VALUES (900, 77, 'A title that nobody knows', 'active', '2024-01-02 00:00:00');"
        "INSERT INTO enrollments VALUES (901, 999, 'UI/UX Design', 'active', '2024-01-02 00:00:00');"
        "DELETE FROM contacts WHERE id IN (8, 60); DELETE FROM registrations"
    )

    found = differences(old)

    assert found[:5] == [
        "users 77 is not here",
        "contacts 7 was deleted here",
        "contacts 8 is gone from the old database",
        "contacts 60 is gone from the old database",
        "enrollments 900 is not here",
    ]
    assert found[5:] == [f"registrations {number} is gone from the old database" for number in range(1, 36)]


def test_what_is_gone_on_both_sides_is_no_difference(old: Path, change: Change) -> None:
    Contact.objects.filter(pk=object_of("contacts", 7).object_id).delete()
    change("DELETE FROM contacts WHERE id = 7")

    assert differences(old) == []


def test_a_row_that_nothing_could_be_made_of_any_more_is_named_with_the_reason(old: Path, change: Change) -> None:
    change("UPDATE contacts SET message = '' WHERE id = 7")

    (found,) = differences(old)

    assert found.startswith("contacts 7 is here, but would be rejected as it stands in the old database: ")


def test_a_merged_row_that_means_something_else_now_is_named(make_sqlite: MakeSqlite) -> None:
    old = make_sqlite(
        USERS + ENROLLMENTS + user(1, "a@example.com") + user(2, "A@example.com") + user(3, "a@EXAMPLE.com")
        + enrollment(1, 1, "pending") + enrollment(2, 1, "pending") + enrollment(3, 1, "pending")
    )  # fmt: skip
    import_from(old)
    make_sqlite(
        "UPDATE users SET email = 'own@example.com' WHERE id = 2; UPDATE users SET name = 'Other' WHERE id = 3;"
        "UPDATE enrollments SET status = 'active' WHERE id = 2;"
        "UPDATE enrollments SET status = 'cancelled' WHERE id = 3"
    )

    assert differences(old) == [
        f"users 2 {How.CHANGED_THERE}: it means something else now",
        f"enrollments 2 {How.CHANGED_THERE}: status",
        f"enrollments 3 {How.CHANGED_THERE}: it means something else now",
    ]


def test_an_old_id_cannot_write_to_the_terminal(make_sqlite: MakeSqlite) -> None:
    row = "('\x1b[2J\n7', 'A', 'a@example.com', '', '', 'm', '2023-01-01')"

    assert differences(make_sqlite(f"{CONTACTS} INSERT INTO contacts VALUES {row}")) == ["contacts ·[2J·7 is not here"]


# --- Secrets ----------------------------------------------------------------------------------------------------
def test_a_password_that_differs_is_named_and_never_shown(
    make_sqlite: MakeSqlite, capsys: pytest.CaptureFixture[str]
) -> None:
    other = BCRYPT[:-3] + "abc"
    md5 = "5f4dcc3b5aa765d61d8327deb882cf99"
    passwords = [BCRYPT, BCRYPT, "plain one", "plain two", "plain three", md5, md5]
    rows = [user(number, f"u{number}@example.com", password=one) for number, one in enumerate(passwords, start=1)]
    old = make_sqlite(USERS + "".join(rows))
    import_from(old)
    assert command(old, "--verify") == (0, "")
    chosen = User.objects.get(email="u2@example.com")
    chosen.set_password("chosen here")
    chosen.save()
    User.objects.filter(email__in=["u4@example.com", "u7@example.com"]).update(first_name="Corrected")
    make_sqlite(
        f"UPDATE users SET password = '{other}' WHERE id = 1; UPDATE users SET password = 'moved on' WHERE id = 5;"
        "UPDATE users SET name = 'A Different' WHERE id = 3; UPDATE users SET password = upper(password) WHERE id = 6"
    )
    capsys.readouterr()

    assert command(old, "--verify")[0] == 1

    output = capsys.readouterr().out
    assert [line.strip() for line in output.splitlines() if line.startswith("  users")] == [
        f"users 1 {How.CHANGED_THERE}: password",
        "users 2 was changed here: password",
        f"users 3 {How.CHANGED_THERE}: last_name",
        "users 4 was changed here: first_name",
        f"users 5 {How.CHANGED_THERE}: password",
        "users 7 was changed here: first_name",
    ]
    assert not any(secret in output for secret in (*passwords, other, "chosen", "moved", "argon2", "$2b$"))


def test_no_password_is_hashed_where_neither_side_changed(
    make_sqlite: MakeSqlite, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = make_sqlite(USERS + user(1, "a@example.com", password="plain one"))
    import_from(old)
    make_sqlite("INSERT INTO users VALUES (2, 'b@example.com', 'plain two', 'B', 'student', '2023-01-01')")
    monkeypatch.setattr("legacy_import.hashing._hash", None)
    monkeypatch.setattr("legacy_import.judging.is_hash_of", None)

    assert differences(old) == ["users 2 is not here"]


def test_an_account_that_was_logged_into_differs_in_its_password_alone(old: Path) -> None:
    account = User.objects.get(email="person01@example.com")
    account.set_password("upgraded at the first login")
    account.last_login = timezone.now()
    account.save()

    assert differences(old) == [
        f"users {ImportedRecord.objects.get(object_id=account.pk).legacy_id} was changed here: password"
    ]


def test_a_person_who_was_erased_here_was_changed_here(old: Path) -> None:
    account = User.objects.get(email="person01@example.com")
    legacy_id = ImportedRecord.objects.get(kind="users", object_id=account.pk).legacy_id
    account.set_password("correct-horse-9")
    account.save()
    erase_account(account, password="correct-horse-9", by=Actor())

    found = differences(old)

    assert f"users {legacy_id} was changed here: the person with this e-mail address was erased here" in found
    assert all("here" in one for one in found)


# --- How it is asked and told -----------------------------------------------------------------------------------
def test_all_differences_are_written_to_the_file_and_fifty_of_each_table_are_printed(
    old: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Contact.objects.update(message="x")

    assert command(old, "--verify", "--report", tmp_path / "differences.jsonl")[0] == 1

    lines = [json.loads(line) for line in (tmp_path / "differences.jsonl").read_text().splitlines()]
    assert len(lines) == 60
    assert lines[0] == {
        "kind": "contacts",
        "legacy_id": "1",
        "how": "was changed here",
        "fields": ["message"],
        "reason": "",
    }
    output = capsys.readouterr().out
    assert output.count("\n  contacts ") == 50
    assert "  60 rows: was changed here\n" in output
    assert "  10 more; --report FILE names them all\n" in output


def test_tables_can_be_chosen_and_rows_limited(old: Path) -> None:
    Contact.objects.filter(pk=object_of("contacts", 7).object_id).update(message="x")
    Contact.objects.filter(pk=object_of("contacts", 47).object_id).update(message="x")
    User.objects.update(first_name="x")

    found = compared(old, tables=frozenset({"contacts"}), limit=20)

    assert found.differences == 1
    assert [one.in_source for one in found.kinds.values()] == [20]


def test_rows_older_than_asked_for_are_no_differences(make_sqlite: MakeSqlite) -> None:
    old = make_sqlite(CONTACTS + contact(1, "a@example.com"))
    since = timezone.now()

    found = compared(old, since=since)

    assert (found.differences, compared(old).differences) == (0, 1)
    assert [one.left_out for one in found.kinds.values()] == [1]


def test_the_number_of_queries_does_not_depend_on_the_number_of_rows(make_sqlite: MakeSqlite) -> None:
    numbers = []
    for rows in (20, 400):
        made = [
            user(number, f"p{number // 2 * 2}@example.com") + contact(number, f"p{number}@example.com")
            + f"INSERT INTO enrollments VALUES ({number}, {number}, 'C{number % 9}', 'active', '2023-01-01');"
            + f"INSERT INTO registrations VALUES ({number}, 'A B', 'r@example.com', 'C', 1, 0, NULL, '2023-01-01');"
            for number in range(rows)
        ]  # fmt: skip
        old = make_sqlite(USERS + CONTACTS + ENROLLMENTS + REGISTRATIONS + "".join(made), name=f"{rows}.sqlite3")
        import_from(old)
        Contact.objects.update(message="x")
        Enrollment.objects.filter(status="active").update(status="completed", completed_at=timezone.now())
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert compared(old).differences > rows
        numbers.append(len(queries))
        for model in (ImportedRecord, EnrollmentRequest, Enrollment, Contact, Course, User):
            model._default_manager.all().delete()

    assert numbers[0] == numbers[1]


@pytest.mark.django_db(transaction=True)
def test_nobody_compares_while_somebody_imports(old: Path, run_together: RunTogether) -> None:
    with only_import():
        (refusal,) = run_together(1, lambda _: command(old, "--verify"))

    assert refusal == (2, "Another import is running: wait until it has ended.")


@pytest.mark.external
def test_rows_of_mariadb_are_the_same_after_an_import(mariadb: MariaDatabase, sample_dump: str) -> None:
    mariadb.execute(sample_dump)
    import_from(mariadb.connection)
    assert differences(mariadb.connection) == []
    mariadb.execute("UPDATE users SET name = 'New Name' WHERE id = 2; DELETE FROM contacts WHERE id = 1")

    assert differences(mariadb.connection) == [
        f"users 2 {How.CHANGED_THERE}: first_name, last_name",
        "contacts 1 is gone from the old database",
    ]


@pytest.mark.external
@pytest.mark.parametrize("is_silent", [False, True], ids=["cut", "silent"])
def test_a_link_that_breaks_amid_comparing_is_told_as_such(
    is_silent: bool, mariadb: MariaDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("legacy_import.source.mysql.READ_SECONDS", 1)
    mariadb.execute(
        "CREATE TABLE contacts (id INT PRIMARY KEY, email VARCHAR(255), message TEXT);"
        "INSERT INTO contacts SELECT seq, 'a@example.com', REPEAT('x', 200) FROM seq_1_to_3000"
    )

    with BreakingLink.to(mariadb.connection, after=300_000, is_silent=is_silent) as link:
        code, message = command(link.around(mariadb.connection), "--verify")

    assert (code, message.endswith("was lost: run it again.")) == (3, True)
