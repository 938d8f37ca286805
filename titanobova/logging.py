"""JSON lines: everything in logs/titanobova.log, security facts alone in logs/security.log."""

import json
import logging
import logging.config
import os
import re
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

# Read by the formatter alone, so that a line logged deep inside a library still names its request.
current_request_id: ContextVar[str] = ContextVar("current_request_id", default="")

SECRET_NAMES = re.compile(
    r"authori[sz]ation|password|passwd|secret|token|cookie|api_?key|signature|backup_code|\bcodes?\b|\brefresh\b|\baccess\b",
    re.IGNORECASE,
)
SECRET_TEXT = re.compile(
    r"(?i)\b(?:bearer\s+)[\w.~+/=-]+|eyJ[\w-]{8,}\.[\w-]+\.[\w-]*|\b(?:sk|rk|whsec|pi)_[\w]*(?:live|test|secret)?[\w]{8,}"
    r"|(?P<name>(?:password|passwd|secret|token|api_?key)[\"']?\s*[=:]\s*[\"']?)[^\s\"'&,;}]+"
    r"|\bSG\.[\w.-]{16,}|(?<=://)[^/\s:@]*:[^/\s@]+(?=@)|\$(?:2[aby]|argon2id?)\$[^\s\"']+"
)
_PLAIN = frozenset(logging.LogRecord("", 0, "", 0, "", (), None).__dict__) | {
    "message",
    "asctime",
    "taskName",
    "request",  # Django adds it to a 500; as text it is the whole address, with what a mailed link carries
}


def redact(value: Any) -> Any:
    """Return `value` without secrets: members with a telling name, and texts that look like a key or a token.

    Logs are read by more people than the database is, and are copied to places we do not know.
    """
    if isinstance(value, str):
        return SECRET_TEXT.sub(r"\g<name>[hidden]", value)
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
        extra = {key: value for key, value in record.__dict__.items() if key not in _PLAIN and key != "_json_line"}
        line |= redact(extra)
        if record.exc_info:
            line["exception"] = redact(self.formatException(record.exc_info))
        return json.dumps(line, default=lambda thing: redact(str(thing)), ensure_ascii=True)


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
                os.write(file, line)
            finally:
                os.close(file)
        except Exception:
            self.handleError(record)  # neither a full disk nor a line that cannot be written may stop a request


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
            "console": {"class": "logging.StreamHandler", "formatter": "plain" if human else "json"},
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
