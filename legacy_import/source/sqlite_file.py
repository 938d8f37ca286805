"""Opens a SQLite file so that nothing of it and nothing beside it ever changes.

`mode=ro` alone does not promise that (tried with SQLite 3.40): on a database in WAL mode it creates `-wal` and
`-shm`, and leaves them. So the header and the files beside it decide:

| found | opened |
|---|---|
| rollback journal mode | `mode=ro` |
| rollback journal mode, left behind by a crash | a private copy, in which SQLite rolls back |
| WAL, `-wal` and `-shm` there: an application is or was at work | `mode=ro`, the shared memory read-only |
| WAL, `-wal` there but no `-shm`: a copy of a live database | a private copy, in which SQLite reads the log |
| WAL, no `-wal`: closed properly | `immutable=1`, and a change while reading is noticed |
"""

import shutil
import sqlite3
import tempfile
from pathlib import Path
from urllib.parse import quote

from legacy_import.source.address import shown
from legacy_import.source.base import SourceError, decode_text

MAGIC = b"SQLite format 3\0"
BUSY_SECONDS = 5


class ReadOnlyFile:
    """An open SQLite file in one stable snapshot, with all that is needed to leave no trace."""

    def __init__(self, path: Path) -> None:
        """:raises SourceError: if there is no SQLite database, or none that can be read"""
        self._path = path
        self._copy: tempfile.TemporaryDirectory[str] | None = None
        self._as_found: tuple[int, int] | None = None
        header = _header(path)
        try:
            self.connection = self._open(is_wal=header[18:19] == b"\2")
        except (sqlite3.Error, OSError) as error:
            self._drop_copy()
            raise self.failure(error) from error

    def failure(self, error: Exception) -> SourceError:
        """Say in one line why the file cannot be read."""
        if "locked" in str(error):
            return SourceError(f"{shown(self._path)} is locked by another program: try again when it is idle.")
        return SourceError(f"{shown(self._path)} cannot be read: {error}.")

    def check_unchanged(self) -> None:
        """:raises SourceError: if an application began to write to a file that was closed when we opened it"""
        if self._as_found not in (None, _fingerprint(self._path)):
            raise SourceError(f"{shown(self._path)} was changed while it was read: run it again.")

    def close(self) -> None:
        """Close the file and remove the private copy, if there is one."""
        self.connection.close()
        self._drop_copy()

    def _open(self, *, is_wal: bool) -> sqlite3.Connection:
        log, shared = (self._path.with_name(self._path.name + end) for end in ("-wal", "-shm"))
        if not is_wal:
            return self._open_journal_mode()
        if log.exists() and shared.exists():
            return _connect(self._path, "mode=ro&readonly_shm=1")
        if log.exists() and log.stat().st_size:
            return self._open_copy("-wal")
        self._as_found = _fingerprint(self._path)
        return _connect(self._path, "mode=ro&immutable=1")

    def _open_journal_mode(self) -> sqlite3.Connection:
        journal = self._path.with_name(self._path.name + "-journal")
        try:
            return _connect(self._path, "mode=ro")
        except sqlite3.OperationalError as error:
            if "locked" in str(error) or not journal.exists():
                raise
            return self._open_copy("-journal")

    def _open_copy(self, beside: str) -> sqlite3.Connection:
        self._copy = tempfile.TemporaryDirectory(prefix="legacy-source-")
        copy = Path(self._copy.name) / "copy"
        shutil.copyfile(self._path, copy)
        shutil.copyfile(f"{self._path}{beside}", f"{copy}{beside}")
        return _connect(copy, "mode=rw")

    def _drop_copy(self) -> None:
        if self._copy:
            self._copy.cleanup()


def _connect(path: Path, options: str) -> sqlite3.Connection:
    """The first SELECT after BEGIN fixes the snapshot; a view of the file may call no function with effects."""
    absolute = "/" + str(path.absolute()).lstrip("/")  # two slashes would be the name of a host
    connection = sqlite3.connect(
        f"file:{quote(absolute)}?{options}", uri=True, timeout=BUSY_SECONDS, isolation_level=None
    )
    # Not `bytes`, which would make a BLOB and a text look the same.
    connection.text_factory = decode_text
    try:
        for statement in ("PRAGMA query_only = 1", "PRAGMA trusted_schema = 0", "BEGIN"):
            connection.execute(statement)
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _header(path: Path) -> bytes:
    """The first bytes, read by us: SQLite would make an empty file of a wrong path and a database of an empty one."""
    try:
        if path.is_dir():
            raise SourceError(f"{shown(path)} is a directory, not a SQLite file.")
        if not path.is_file():
            raise SourceError(f"There is no file {shown(path)}.")
        with path.open("rb") as file:
            header = file.read(100)
    except (OSError, ValueError) as error:
        raise SourceError(f"{shown(path)} cannot be opened: {getattr(error, 'strerror', error)}.") from error
    if not header:
        raise SourceError(f"{shown(path)} is empty, not a SQLite database.")
    if not header.startswith(MAGIC):
        raise SourceError(f"{shown(path)} is not a SQLite database.")
    return header


def _fingerprint(path: Path) -> tuple[int, int]:
    status = path.stat()
    log = path.with_name(path.name + "-wal")
    return status.st_mtime_ns, status.st_size + (log.stat().st_size if log.exists() else 0)
