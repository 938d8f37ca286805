"""The log files: one JSON object a line, whoever writes at the same time and whatever is written."""

import errno
import json
import logging
import multiprocessing
import os
import select
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.shared.starting import PRODUCTION, start
from titanobova.logging import KEPT, MOST_BYTES, AppendingFile, Console, JSONLines, fit, redact

WRITERS, LINES = 8, 500
HOSTILE = "a\nb\r\nc\x1b[31md\x00e\u2028f\u2029g\x85h\ud800i\u202ej\U0001f600"


def file_handler(path: Path) -> AppendingFile:
    """Return the handler of the log files, writing to `path`."""
    handler = AppendingFile(path)
    handler.setFormatter(JSONLines())
    return handler


def record(message: str, *args: object, **extra: object) -> logging.LogRecord:
    """Return what the logging module hands to a handler."""
    made = logging.LogRecord("test", logging.INFO, "", 0, message, args, None)
    made.__dict__.update(extra)
    return made


def write_lines(path: Path, writer: int) -> None:
    """Be one of several processes: write LINES long lines."""
    handler = file_handler(path)
    for number in range(LINES):
        handler.handle(record("x" * (9000 if number % 50 == 0 else 50), event=f"{writer} {number}"))


def run_writers(path: Path, meanwhile: Callable[[int], None]) -> None:
    """Let all writers write at once; call `meanwhile` with a count as long as one of them writes."""
    writers = [
        multiprocessing.get_context("fork").Process(target=write_lines, args=(path, writer))
        for writer in range(WRITERS)
    ]
    for process in writers:
        process.start()
    rounds = 0
    while any(process.is_alive() for process in writers):
        meanwhile(rounds)
        rounds += 1
        writers[0].join(0.01)
    assert [process.exitcode for process in writers] == [0] * WRITERS


def written(paths: list[Path]) -> list[tuple[int, int]]:
    """Return which line of which writer stands in the files; a torn line is no JSON and fails here."""
    lines = [json.loads(line) for path in paths for line in path.read_text().splitlines()]
    return sorted((int(writer), int(number)) for writer, number in (line["event"].split() for line in lines))


ALL_LINES = [(writer, number) for writer in range(WRITERS) for number in range(LINES)]


def test_several_processes_never_tear_or_lose_a_line(tmp_path: Path) -> None:
    run_writers(tmp_path / "titanobova.log", meanwhile=lambda rounds: None)

    assert written([tmp_path / "titanobova.log"]) == ALL_LINES


def test_a_rotation_by_renaming_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "titanobova.log"

    def rotate(rounds: int) -> None:
        if path.exists():
            path.rename(tmp_path / f"titanobova.log.{rounds}")

    run_writers(path, meanwhile=rotate)

    files = list(tmp_path.iterdir())
    assert len(files) > 2
    assert written(files) == ALL_LINES


def write_to_pipe(pipe: int, writer: int) -> None:
    """Be one of several processes that share the output of a container."""
    handler = Console(pipe)
    handler.setFormatter(JSONLines())
    for number in range(LINES):
        handler.handle(record("x" * (9000 if number % 10 == 0 else 50), event=f"{writer} {number}"))


def test_several_processes_never_tear_a_line_of_one_pipe() -> None:
    receiving, sending = os.pipe()
    fork = multiprocessing.get_context("fork")
    writers = [fork.Process(target=write_to_pipe, args=(sending, writer)) for writer in range(WRITERS)]
    for process in writers:
        process.start()
    os.close(sending)
    with os.fdopen(receiving) as pipe:
        lines = [json.loads(line) for line in pipe]

    assert sorted(line["event"] for line in lines) == sorted(f"{writer} {number}" for writer, number in ALL_LINES)
    for process in writers:
        process.join()
    assert [process.exitcode for process in writers] == [0] * WRITERS


@pytest.mark.parametrize("texts", [["y" * 9000], ["\n" * 9000], ["y" * 9000, "\U0001f600" * 9000], ["y" * 10]])
def test_a_line_that_a_pipe_could_tear_is_cut_to_what_it_takes_as_a_whole(texts: list[str]) -> None:
    line = json.dumps({"message": "begin" + texts[0] + "end", "exception": texts[-1], "status": 200})

    cut = fit(line, MOST_BYTES - 1)

    assert len(cut) < select.PIPE_BUF
    assert (cut == line) == (len(line) < select.PIPE_BUF)
    assert json.loads(cut)["message"].startswith("begin")
    assert json.loads(cut)["message"].endswith("end")
    assert json.loads(cut)["status"] == 200


def test_in_a_container_the_standard_output_has_json_lines_and_a_command_keeps_its_own(tmp_path: Path) -> None:
    log = "import django; django.setup(); import logging; logging.getLogger('x').warning('two\\nlines')"
    production = {**PRODUCTION, "LOG_DIR": str(tmp_path)}

    served = start(tmp_path, "-c", log, environment=production)
    command = start(tmp_path, "manage.py", "shell", "--verbosity", "0", "-c", log, environment=production)

    assert [json.loads(line)["message"] for line in served.stdout.splitlines()] == ["two\nlines"]
    assert served.stderr == ""
    assert command.stdout == ""
    assert [json.loads(line)["message"] for line in command.stderr.splitlines()] == ["two\nlines"]


def test_a_disk_that_fills_in_the_middle_of_a_line_spoils_that_line_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, write = tmp_path / "titanobova.log", os.write
    short = iter([20])
    monkeypatch.setattr("titanobova.logging.os.write", lambda file, line: write(file, line[: next(short, None)]))

    file_handler(path).handle(record("x" * 100))
    file_handler(path).handle(record("after"))

    _, last = path.read_text().splitlines()
    assert json.loads(last)["message"] == "after"


def test_text_of_others_forges_no_line_and_moves_no_cursor(tmp_path: Path) -> None:
    path = tmp_path / "titanobova.log"

    file_handler(path).handle(record("%s", HOSTILE, **{"path": HOSTILE, f"a name {HOSTILE}": 1}))

    raw = path.read_bytes()
    assert raw.count(b"\n") == 1
    assert all(32 <= byte < 127 for byte in raw.rstrip(b"\n"))
    line = json.loads(raw)
    assert (line["message"], line["path"]) == (HOSTILE, HOSTILE)


def test_a_line_holds_nothing_but_what_is_meant_for_it(tmp_path: Path) -> None:
    path = tmp_path / "titanobova.log"

    file_handler(path).handle(record("a job succeeded", data={"args": "('hunter2',)"}, event="x", user_id=7))

    line = json.loads(path.read_text())
    assert line.keys() == {"time", "level", "logger", "message", "request_id", "event", "user_id"}
    assert line.keys() - {"time", "level", "logger", "message", "request_id"} <= set(KEPT)


def test_a_traceback_stays_on_its_line(tmp_path: Path) -> None:
    path = tmp_path / "titanobova.log"
    try:
        float(HOSTILE)
    except ValueError:
        failed = record("failed", exc_info=sys.exc_info())

    file_handler(path).handle(failed)

    (line,) = path.read_text().splitlines()
    assert "\nValueError: " in json.loads(line)["exception"]


def test_what_cannot_be_written_stops_nobody(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file_handler(Path("/dev/full")).handle(record("the disk is full"))
    file_handler(tmp_path / "no" / "such" / "folder").handle(record("the folder is gone"))
    file_handler(tmp_path / "titanobova.log").handle(record("%d of them", "three"))

    complaints = capsys.readouterr().err
    assert f"[Errno {errno.ENOSPC}]" in complaints
    assert f"[Errno {errno.ENOENT}]" in complaints
    assert "TypeError" in complaints


def test_what_is_no_json_is_written_as_text(tmp_path: Path) -> None:
    path = tmp_path / "titanobova.log"

    file_handler(path).handle(record("x", status={1, "a"}, path=Path("/x"), event=Exception("token=hunter2")))

    line = json.loads(path.read_text())
    assert (line["path"], line["event"]) == ("/x", "token=[hidden]")


def test_a_message_and_a_traceback_hide_what_looks_like_a_secret(tmp_path: Path) -> None:
    path = tmp_path / "titanobova.log"
    try:
        float("token=hunter2")
    except ValueError:
        failed = record("GET /reset?token=%s", "hunter2", exc_info=sys.exc_info())

    file_handler(path).handle(failed)

    assert "hunter2" not in json.loads(path.read_text())["message"]
    assert "hunter2" not in path.read_text()


def test_without_a_writable_folder_the_console_serves(tmp_path: Path) -> None:
    done = start(tmp_path, "-c", "import django; django.setup()", environment={"LOG_DIR": "/dev/null/logs"})

    assert done.returncode == 0, done.stderr
    assert "the console alone serves" in done.stderr


@pytest.mark.parametrize(
    ("written_text", "kept"),
    [
        ("GET /reset?token=abc123&lang=en", "GET /reset?token=[hidden]&lang=en"),
        ("Authorization: Bearer abc.def-ghi", "Authorization: [hidden]"),
        ("got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl back", "got [hidden] back"),
        ("key " + "sk_live_" + "51Habcdefghijk", "key [hidden]"),
        ("whsec_" + "0123456789abcdef", "[hidden]"),
        ("SG.abcdefghijklmnopqrst.uvwxyz", "[hidden]"),
        ("redis://:hunter2@redis:6379/0", "redis://[hidden]@redis:6379/0"),
        ("mysql://root:p@ss@db/old", "mysql://[hidden]@db/old"),
        ("https://example.com:8080/users/a@b.com", "https://example.com:8080/users/a@b.com"),
        ("Authorization: Basic dXNlcjpwYXNz", "Authorization: [hidden]"),
        ("{'password': 'correct horse battery'}", "{'password': '[hidden]'}"),
        ("pi_3abcDEFghi_secret_XYZabc123456", "[hidden]"),
        ("the intent pi_3abcDEFghi12345", "the intent pi_3abcDEFghi12345"),
        ("Cookie: sessionid=abc; csrftoken=def", "Cookie: [hidden]; csrftoken=[hidden]"),
        ("/x?code=123&access=ey", "/x?code=[hidden]&access=[hidden]"),
        ('{"code": "123 456", "n": 1}', '{"code": [hidden], "n": 1}'),
        ("status code: 404", "status code: 404"),
        ("mysql://root:hunter2@db/old", "mysql://[hidden]@db/old"),
        ("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA", "[hidden]"),
        ('{"password": "hunter2"}', '{"password": "[hidden]"}'),
        ("the token is not valid", "the token is not valid"),
    ],
)
def test_texts_that_look_like_secrets_are_hidden(written_text: str, kept: str) -> None:
    assert redact(written_text) == kept


@pytest.mark.parametrize(
    "name",
    ["password", "new_password", "Authorization", "access", "refresh", "totp_secret", "client_secret", "token", "code",
     "backup_codes", "Set-Cookie", "api_key", "Stripe-Signature", "SENDGRID_API_KEY"],
)  # fmt: skip
def test_members_with_the_name_of_a_secret_are_hidden(name: str) -> None:
    assert redact({"outer": [{name: "hunter2", "kept": "plain"}]}) == {"outer": [{name: "[hidden]", "kept": "plain"}]}
