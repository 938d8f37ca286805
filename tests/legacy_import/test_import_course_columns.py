"""A column `course` of an old table holds the title of a course, or its id."""

from pathlib import Path

import pytest

from courses.models import Course, Enrollment, EnrollmentRequest
from legacy_import.inspection import inspect
from legacy_import.mapping_file import read_mapping
from legacy_import.models import OldPayment
from legacy_import.source import open_source
from legacy_import.survey import read_layout
from legacy_import.synonyms import Kind
from tests.legacy_import.conftest import MakeSqlite, MariaDatabase
from tests.legacy_import.imports import counted, import_from

SITE = """
CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(99), password VARCHAR(99), name VARCHAR(99));
INSERT INTO users VALUES (1, 'a@example.com', 'pw-ann-secret', 'Ann Bee');
CREATE TABLE courses (id INTEGER PRIMARY KEY, title VARCHAR(99), price INT);
INSERT INTO courses VALUES (3, 'Physics', 20), (4, 'Maths', 20), (5, '6', 20), (6, 'Art', 20);
"""
ENROLLMENTS = "CREATE TABLE enrollments (id INTEGER PRIMARY KEY, user INT, course {type}, status VARCHAR(9));"


def course_columns(source: str, kind: Kind = Kind.ENROLLMENTS, mapping: Path | None = None) -> dict[str, str]:
    """Return which fields of a course are read from where."""
    with open_source(source) as opened:
        columns = read_layout(opened, read_mapping(mapping) if mapping else None).tables[kind].columns
    return {field: column for field, column in columns.items() if field.startswith("course_")}


@pytest.mark.django_db
@pytest.mark.parametrize("type_", ["INT", "TEXT", ""])
def test_ids_of_courses_are_no_titles(make_sqlite: MakeSqlite, type_: str) -> None:
    old = make_sqlite(
        SITE
        + ENROLLMENTS.format(type=type_)
        + "INSERT INTO enrollments VALUES (1, 1, 3, 'active'), (2, 1, '4', 'active');"
    )

    report = import_from(old)

    assert report.courses_created == []
    assert counted(report, "enrollments") == {"created": 2}
    assert set(Enrollment.objects.values_list("course__title", flat=True)) == {"Physics", "Maths"}


@pytest.mark.django_db
def test_so_it_is_with_registrations_and_payments(make_sqlite: MakeSqlite) -> None:
    old = make_sqlite(
        SITE + "CREATE TABLE registrations (id INT, name, email, course INT); CREATE TABLE payments (id INT, user INT,"
        "course INT, amount INT, status);"
        "INSERT INTO registrations VALUES (1, 'B', 'b@example.com', 4);"
        "INSERT INTO payments VALUES (1, 1, 3, 20, 'paid');"
    )

    report = import_from(old)

    assert (report.courses_created, report.rejected) == ([], 0)
    assert EnrollmentRequest.objects.get().course_title == "Maths"
    assert OldPayment.objects.get().course_title == ""
    assert Course.objects.count() == 4


@pytest.mark.django_db
def test_an_id_without_a_course_is_rejected_and_makes_none(make_sqlite: MakeSqlite) -> None:
    old = make_sqlite(
        SITE + ENROLLMENTS.format(type="INT")
        + "INSERT INTO enrollments VALUES (1, 1, 3, 'active'), (2, 1, 4, 'active'), (3, 1, 99, 'active');"
    )  # fmt: skip

    report = import_from(old)

    assert counted(report, "enrollments") == {"created": 2, "rejected": 1}
    assert report.tables[-1].refusals == [["3", "its course 99 was not imported, and it names no title"]]
    assert Course.objects.count() == 4


@pytest.mark.parametrize(
    "values",
    [
        ["Maths", "Physics"], ["6"], ["Maths", "Physics", "3"], ["Chemistry"], [" ", "x" * 200], [],
        ["99", "98", "3"],
    ],
)  # fmt: skip
def test_what_is_mostly_no_id_of_a_course_stays_a_title(make_sqlite: MakeSqlite, values: list[str]) -> None:
    rows = "".join(f"INSERT INTO enrollments VALUES ({n}, 1, '{one}', 'active');" for n, one in enumerate(values))
    old = make_sqlite(SITE + ENROLLMENTS.format(type="TEXT") + rows)

    assert course_columns(str(old)) == {"course_title": "course"}


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("enrollments (id, user, course_id, course)", {"course_id": "course_id", "course_title": "course"}),
        ("enrollments (id, user, x, course_name)", {"course_title": "course_name"}),
        ("enrollments (id, user, x, program)", {"course_id": "program"}),
    ],
)
def test_names_that_leave_no_doubt_are_believed(make_sqlite: MakeSqlite, table: str, expected: dict[str, str]) -> None:
    old = make_sqlite(SITE + f"CREATE TABLE {table}; INSERT INTO enrollments VALUES (1, 1, 3, 3);")

    assert course_columns(str(old)) == expected


def test_what_is_shown_can_be_corrected(make_sqlite: MakeSqlite, tmp_path: Path) -> None:
    old = make_sqlite(SITE + ENROLLMENTS.format(type="INT") + "INSERT INTO enrollments VALUES (1, 1, 3, 'active');")
    written, said = tmp_path / "written.toml", tmp_path / "said.toml"
    said.write_text('[enrollments.columns]\ncourse_title = "course"\n')
    with open_source(str(old)) as source:
        found = inspect(source)
    written.write_text(found.as_toml())

    assert course_columns(str(old), mapping=written) == {"course_id": "course"}
    assert course_columns(str(old), mapping=said) == {"course_title": "course"}


@pytest.mark.external
def test_ids_of_courses_are_no_titles_on_mariadb(mariadb: MariaDatabase) -> None:
    mariadb.execute(
        SITE + ENROLLMENTS.format(type="VARCHAR(9)") + "INSERT INTO enrollments VALUES (1, 1, '3', 'active')"
    )

    assert course_columns(mariadb.connection) == {"course_id": "course"}
