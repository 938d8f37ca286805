"""JSON lines: everything in logs/titanobova.log, security facts alone in logs/security.log."""

import json
import logging
import logging.config
import os
import re
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

# Read by the formatter alone, so that a line logged deep inside a library still names its request.
current_request_id: ContextVar[str] = ContextVar("current_request_id", default="")

SECRET_NAMES = re.compile(
    r"authori[sz]ation|password|passwd|secret|token|cookie|session_?key|api_?key|signature|backup_code|\bcodes?\b|\brefresh\b"
    r"|\baccess\b|\b(?:t?otp|pin|dsn)\b",
    re.IGNORECASE,
)
SECRET_TEXT = re.compile(
    r"(?i)\bbearer\s+[\w.~+/=-]+|eyJ[\w-]{8,}\.[\w-]+\.[\w-]*|\b\w+_secret_\w{8,}|\b(?:sk|rk|pk|whsec)_\w{8,}"
    # name=value, name: value, "name": "a value", \"name\": \"a value\"
    r"|(?P<name>(?:authorization|cookie|password|passwd|secret|token|session_?id|session_?key|api_?key|backup_codes?|t?otp"
    r"|(?<=[?&])(?:code|access|refresh))\\*[\"']?\s*[=:]\s*\\*(?P<quote>[\"'])?)"
    r"(?(quote)(?:(?!(?P=quote))[^\\]|\\.)+|(?:(?:basic|bearer)\s+)?[^\s\"'&,;}]+)"
    r"|(?P<quoted>[\"'](?:code|codes|access|refresh)[\"']\s*:\s*)(?:\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|\[[^\]]*\])"
    r"|\bSG\.[\w.-]{16,}|(?<=://)[^/\s:@]*:[^/\s]+(?=@)|\$(?:2[aby]|argon2id?)\$[^\s\"']+"
)
# One of these is part of whatever SECRET_TEXT finds. Looking for them first takes a tenth of the expression's time, and
# every request has its line.
MARKS = ("bearer", "eyj", "_secret_", "sk_", "rk_", "pk_", "whsec_", "authori", "cookie", "passw", "secret", "token",
         "session", "key", "code", "otp", "access", "refresh", "sg.", "://", "$2", "$argon2")  # fmt: skip
# What may stand beside the message; a library that hands over more, such as the arguments of a job, is not heard.
KEPT = (
    "event",
    "method",
    "path",
    "status",
    "duration_ms",
    "queries",
    "database_ms",
    "user_id",
    "session_id",
    "ip_address",
    "audit_request_id",
    "sequence",
    "seal",
    "rows",
)
MOST_BYTES = 4096  # of a line to the console: what a pipe takes as a whole (PIPE_BUF), whoever else writes


def redact(value: Any) -> Any:
    """Return `value` without secrets: members with a telling name, and texts that look like a key or a token.

    Logs are read by more people than the database is, and are copied to places we do not know.
    """
    if isinstance(value, str):
        lower = value.lower()
        if not any(mark in lower for mark in MARKS):
            return value
        return SECRET_TEXT.sub(r"\g<name>\g<quoted>[hidden]", value)
    if isinstance(value, dict):
        return {str(k): "[hidden]" if _tells_a_secret(str(k)) else redact(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set):
        return [redact(item) for item in value]
    return value


@lru_cache(maxsize=1024)
def _tells_a_secret(name: str) -> bool:
    return SECRET_NAMES.search(name) is not None


class JSONLines(logging.Formatter):
    """One JSON object a line. Line breaks and control bytes of foreign text are escaped, so it cannot forge a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; the second of two handlers gets the first one's."""
        made: str | None = getattr(record, "_json_line", None)
        if made is None:
            made = record._json_line = self._make(record)
        return made

    def _make(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": redact(record.getMessage()),
            "request_id": current_request_id.get(),
        }
        line |= redact({key: record.__dict__[key] for key in KEPT if key in record.__dict__})
        if record.exc_info:
            line["exception"] = redact(self.formatException(record.exc_info))
        return json.dumps(line, default=lambda thing: redact(str(thing)), ensure_ascii=True)


class Console(logging.Handler):
    """JSON lines to the output of a container, where all its processes write into one pipe.

    The kernel takes up to PIPE_BUF bytes of one write as a whole (POSIX, write); a longer line of one process could be
    torn by another's. So a longer one is cut, and the file has all of it.
    """

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self.descriptor = descriptor

    def emit(self, record: logging.LogRecord) -> None:
        try:
            os.write(self.descriptor, (fit(self.format(record), MOST_BYTES - 1) + "\n").encode())
        except Exception:
            self.handleError(record)  # a closed pipe stops no request


def fit(line: str, most: int) -> str:
    """Return the JSON line, its longest members cut in the middle until it has at most `most` characters."""
    if len(line) <= most:
        return line
    members: dict[str, Any] = json.loads(line)
    while len(line) > most:
        longest = max(members, key=lambda name: len(json.dumps(members[name])))
        text = str(members[longest])
        kept = len(text) // 4  # the end of a traceback says what failed, the beginning where it came from
        members[longest] = f"{text[:kept]}[...]{text[len(text) - kept :]}"
        line = json.dumps(members)
    return line


class AppendingFile(logging.Handler):
    """Append each line by one write to a file opened with O_APPEND.

    The kernel puts every such write at the end of the file as a whole, so several workers never tear a line. The path
    is looked up for each line: after a rotation (rename) the next line starts the new file, and nothing is lost.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = (self.format(record) + "\n").encode()
            file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
            try:
                if os.write(file, line) < len(line):  # the disk is full now: end the line, so that the next is whole
                    os.write(file, b"\n")
            finally:
                os.close(file)
        except Exception:
            self.handleError(record)  # neither a full disk nor a line that cannot be written may stop a request


def console(*, human: bool) -> dict[str, Any]:
    """Return the handler of the console: plain lines for people, JSON lines on the standard output for containers.

    What a command prints is its own, so its log goes to the other output.
    """
    if human:
        return {"class": "logging.StreamHandler", "formatter": "plain"}
    is_command = Path(sys.argv[0]).name == "manage.py"
    return {"()": Console, "descriptor": 2 if is_command else 1, "formatter": "json"}


def logging_config(folder: Path, *, level: int, human: bool) -> dict[str, Any]:
    """Return the configuration: both files, and the console (plain for people, JSON lines for containers)."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {"()": JSONLines},
            "plain": {"format": "{levelname} {name}: {message}", "style": "{"},
        },
        "handlers": {
            "console": console(human=human),
            "everything": {"()": AppendingFile, "path": folder / "titanobova.log", "formatter": "json"},
            "security": {"()": AppendingFile, "path": folder / "security.log", "formatter": "json"},
        },
        "root": {"handlers": ["console", "everything"], "level": level},
        "loggers": {
            "titanobova.security": {"handlers": ["security"], "level": "INFO"},
            # The request line below says all of it, with the request's id.
            "django.server": {"level": "ERROR"},
            "django.request": {"level": "ERROR"},
        },
    }


def configure(config: dict[str, Any]) -> None:
    """Make the folder of the logs, then configure logging; without a writable folder the console alone serves."""
    folder: Path = config["handlers"]["everything"]["path"].parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        writable = os.access(folder, os.W_OK)
    except OSError:
        writable = False
    if not writable:
        for name in ("everything", "security"):
            config["handlers"][name] = {"class": "logging.NullHandler"}
    logging.config.dictConfig(config)
    if not writable:
        logging.getLogger("titanobova").warning("The folder of the logs cannot be written; the console alone serves.")


def log_security_event(event: str, **facts: object) -> None:
    """Write one line to logs/security.log (and, as every line, to logs/titanobova.log)."""
    logging.getLogger("titanobova.security").info(event, extra={"event": event, **facts})
