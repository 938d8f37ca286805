"""A run with other options than the last one says so: an option forgotten rewrites rows quietly."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from legacy_import.models import ImportRun
from legacy_import.report_page import as_page
from tests.legacy_import.conftest import Change, MakeSqlite
from users.models import User

pytestmark = pytest.mark.django_db
BEGINNING = "Warning: The last finished run of this database read it otherwise: "
END = ". Rows that this changes are written anew."


def imported(source: Path | str, *options: str) -> tuple[str, str]:
    """Import and return what was printed, and what was said on the error stream."""
    out, err = StringIO(), StringIO()
    call_command("import_from_nodejs", str(source), *options, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue().strip()


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    """A mapping file."""
    path = tmp_path / "known.toml"
    path.write_text('[users]\ntimezone = "Asia/Kolkata"\n')
    return path


def test_a_forgotten_option_is_named_on_the_screen_and_in_the_report(old: Path) -> None:
    imported(old, "--timezone", "Asia/Kolkata", "--currency", "inr")

    out, err = imported(old, "--currency", "inr")

    assert err == f"{BEGINNING}timezone UTC instead of Asia/Kolkata{END}"
    assert err in out
    report = ImportRun.objects.latest("id").report
    assert report["warnings"] == [err.removeprefix("Warning: ")]
    assert "timezone UTC instead of Asia/Kolkata" in as_page(report)
    assert imported(old, "--currency", "inr")[1] == ""


def test_all_options_that_change_what_a_row_becomes_are_compared(old: Path) -> None:
    imported(old)

    _, err = imported(old, "--trust-roles", "--no-unescape", "contacts.message", "--price-unit", "minor")

    assert err == (
        f"{BEGINNING}no_unescape contacts.message instead of no, price_unit minor instead of major, "
        f"trust_roles True instead of no{END}"
    )


def test_a_mapping_file_counts_by_what_it_says(old: Path, mapping: Path) -> None:
    imported(old, "--mapping", str(mapping))
    renamed = mapping.rename(mapping.with_name("renamed.toml"))
    renamed.write_text("# a comment\n" + renamed.read_text())
    assert imported(old, "--mapping", str(renamed))[1] == ""
    renamed.write_text('[users]\ntimezone = "Europe/Paris"\n')

    assert "mapping renamed.toml " in imported(old, "--mapping", str(renamed))[1]
    assert imported(old)[1].startswith(f"{BEGINNING}mapping no instead of renamed.toml ")


def test_choosing_rows_is_no_other_reading(old: Path) -> None:
    imported(old)

    assert imported(old, "--tables", "users", "--limit", "3", "--batch-size", "7")[1] == ""


def test_a_dry_run_warns_before_anything_is_lost(old: Path) -> None:
    imported(old, "--timezone", "Asia/Kolkata")
    before = list(User.objects.order_by("pk").values())

    assert "timezone" in imported(old, "--dry-run")[1]
    assert list(User.objects.order_by("pk").values()) == before


def test_only_finished_runs_of_the_same_database_count(
    old: Path, change: Change, make_sqlite: MakeSqlite, monkeypatch: pytest.MonkeyPatch
) -> None:
    imported(old, "--timezone", "Asia/Kolkata")
    other = make_sqlite("CREATE TABLE users (id, email)", name="other.sqlite3")
    assert imported(other)[1] == ""
    ImportRun.objects.create(source=str(old), outcome=ImportRun.Outcome.FAILED, options={"timezone": "UTC"})
    monkeypatch.chdir(old.parent)

    assert "timezone UTC instead of Asia/Kolkata" in imported(f"sqlite:///{old.name}")[1]


def test_runs_of_an_earlier_release_noted_no_mapping_file(old: Path, mapping: Path) -> None:
    ImportRun.objects.create(source=str(old), outcome=ImportRun.Outcome.FINISHED, options={"timezone": "UTC"})

    assert imported(old, "--mapping", str(mapping))[1] == ""
