"""The files that an import writes: never over what it reads, and for their owner alone."""

import os
import shutil
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from legacy_import.models import ImportRun
from tests.legacy_import.imports import import_from

pytestmark = pytest.mark.django_db


@pytest.fixture
def here(sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with everything that an import could read."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(sample, "old.sqlite3")
    Path("mapping.toml").write_text("[users]\n")
    Path("repaired.jsonl").touch()
    Path("linked.json").symlink_to("old.sqlite3")
    os.link("old.sqlite3", "second-name.json")
    Path("link.sqlite3").symlink_to("old.sqlite3")
    return tmp_path


def contents(folder: Path) -> dict[str, bytes]:
    """Return what is in each file of a folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def refusal(*arguments: object) -> str:
    """Run the command, which must not start, and return why."""
    with pytest.raises(CommandError) as refused:
        call_command("import_from_nodejs", *map(str, arguments))
    assert refused.value.returncode == 2
    assert not ImportRun.objects.exists()
    return str(refused.value)


@pytest.mark.parametrize("mode", [[], ["--verify"], ["--dry-run"]])
@pytest.mark.parametrize(
    "report",
    ["old.sqlite3", "./old.sqlite3", "linked.json", "second-name.json", "old.sqlite3-wal", "old.sqlite3-shm",
     "old.sqlite3-journal"],
)  # fmt: skip
def test_a_report_is_never_written_over_the_old_database(here: Path, report: str, mode: list[str]) -> None:
    before = contents(here)

    assert (
        refusal("old.sqlite3", *mode, "--report", report)
        == f"--report {Path(report)} is the old database: name another file."
    )
    assert contents(here) == before


@pytest.mark.parametrize("address", ["link.sqlite3", "sqlite:///old.sqlite3"])
def test_the_old_database_is_known_under_any_address(here: Path, address: str) -> None:
    assert "is the old database" in refusal(address, "--report", here / "old.sqlite3-wal")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--mapping", "mapping.toml", "--report", "mapping.toml"], "--report mapping.toml is the file of --mapping"),
        (["--retry", "repaired.jsonl", "--report", "repaired.jsonl"], "--report repaired.jsonl is the file of --retry"),
        (["--rejects", "new.jsonl", "--report", "./new.jsonl"], "--report new.jsonl is the file of --rejects"),
        (["--rejects", "old.sqlite3-wal"], "--rejects old.sqlite3-wal is the old database"),
        (["--inspect", "old.sqlite3-wal"], "--inspect old.sqlite3-wal is the old database"),
    ],
)
def test_a_file_has_one_purpose(here: Path, options: list[str], said: str) -> None:
    before = contents(here)

    assert refusal("old.sqlite3", *options) == f"{said}: name another file."
    assert contents(here) == before


def test_a_report_is_never_written_over_our_own_database(here: Path) -> None:
    if connection.vendor != "sqlite":
        return  # it is no file
    assert "is our own database" in refusal("old.sqlite3", "--report", connection.settings_dict["NAME"])


@pytest.mark.parametrize("mode", [[], ["--verify"]])
def test_a_report_is_for_its_owner_alone_and_the_next_one_takes_its_place(here: Path, mode: list[str]) -> None:
    import_from("old.sqlite3")
    for _ in range(2):
        call_command("import_from_nodejs", "old.sqlite3", *mode, "--report", "report.json")

        assert Path("report.json").stat().st_mode & 0o777 == 0o600
        Path("report.json").chmod(0o644)  # as an earlier version, or somebody, left it
