"""How far an import is: a bar on a terminal, plain lines elsewhere, and nothing of it where programs read."""

import json
import os
import pty
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from legacy_import.progress_bar import SECONDS_BETWEEN_LINES

pytestmark = pytest.mark.django_db(transaction=True)
COLOUR, MOVEMENT = re.compile(r"\x1b\[[0-9;]*m"), re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
BAR = re.compile(r"^(\w+) +[━╸╺]+ +(\d+)/(\d+) +([\d,]+) rows/s (\d+:\d\d:\d\d|-:--:--)$")
LINE = re.compile(r"(\w+): ([\d,]+) of ([\d,]+) rows, [\d,]+ a second, [\d,]+ s left")


def import_on_a_terminal(old: Path, report: Path) -> tuple[str, str]:
    """Import in a process whose error stream is a terminal; return what it printed and what the terminal got."""
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "import_from_nodejs", str(old), "--batch-size=1"]
    size = {"TERM": "xterm-256color", "COLUMNS": "100", "LINES": "40"}
    environment = os.environ | size | {"DB_NAME": str(connection.settings_dict["NAME"])}
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*command, f"--report={report}"], env=environment, stdout=subprocess.PIPE, stderr=theirs, text=True
    ) as process:
        os.close(theirs)
        shown = b""
        with suppress(OSError):  # Linux ends a terminal that nobody writes to any more with EIO
            while piece := os.read(ours, 65_536):
                shown += piece
        printed, _ = process.communicate(timeout=60)
    os.close(ours)
    assert process.returncode == 0, shown
    return printed, shown.decode()


def test_a_terminal_shows_a_bar_of_each_table_with_rate_and_remaining_time(sample: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.json"

    printed, shown = import_on_a_terminal(sample, report)

    assert "\x1b[" in shown
    lines = MOVEMENT.sub("\n", COLOUR.sub("", shown)).splitlines()
    bars = [found.groups() for line in lines if (found := BAR.match(line.strip()))]
    last = {name: (done, total, remaining) for name, done, total, _, remaining in bars}
    assert last == {
        "users": ("40", "40", "0:00:00"),
        "contacts": ("60", "60", "0:00:00"),
        "enrollments": ("49", "49", "0:00:00"),
        "registrations": ("35", "35", "0:00:00"),
    }
    assert any(int(done) < int(total) for _, done, total, _, _ in bars)
    assert all(float(rate.replace(",", "")) > 0 for _, done, _, rate, _ in bars if int(done))
    for read_by_programs in (printed, report.read_text()):
        assert "rows/s" not in read_by_programs
        assert "\x1b" not in read_by_programs
    assert json.loads(report.read_text())["balances"]


def test_without_a_terminal_there_are_plain_lines_now_and_then(
    sample: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("legacy_import.progress_bar.SECONDS_BETWEEN_LINES", 0)

    call_command("import_from_nodejs", str(sample), "--batch-size=20", f"--report={tmp_path / 'report.json'}")

    output = capsys.readouterr()
    lines = [LINE.fullmatch(line) for line in output.err.splitlines()]
    assert None not in lines
    assert [found.groups() for found in lines if found and found[1] == "users"] == [
        ("users", "20", "40"),
        ("users", "40", "40"),
    ]
    assert not LINE.search(output.out + (tmp_path / "report.json").read_text())


def test_a_short_import_without_a_terminal_says_nothing_on_its_way(
    sample: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("import_from_nodejs", str(sample))

    assert SECONDS_BETWEEN_LINES >= 5
    assert capsys.readouterr().err == ""
