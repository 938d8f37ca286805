"""Where an old database is: addresses read, and shown without their secrets."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from legacy_import.source.base import SourceError

FORMS = "mysql://user:password@host:port/database, sqlite:///path or a path"
DEFAULT_PORT = 3306
PATH_LENGTH = 80

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_PART = r"(?:[^\s:@/?#%]|%[0-9A-Fa-f]{2})"
_MYSQL = re.compile(
    rf"(?:mysql|mariadb)://(?P<user>{_PART}+)(?P<secret>:{_PART}*)?"
    rf"@(?P<host>\[[0-9A-Fa-f:.]+\]|[^\s:@/?#%\[\]]+)(?::(?P<port>[0-9]{{1,5}}))?(?:/(?P<database>{_PART}*))?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class MysqlAddress:
    """A database on a MySQL or MariaDB server."""

    user: str
    password: str = field(repr=False)
    host: str
    port: int
    database: str

    @property
    def server(self) -> str:
        return f"{self.host}:{self.port}"


def parse_address(connection: str) -> MysqlAddress | Path:
    """Read an address: a file's path, or a server with its database.

    :raises SourceError: if it is neither; the message repeats nothing that could be a password
    """
    found = _SCHEME.match(connection)
    scheme = found[1].lower() if found else ""
    if not connection.strip():
        raise SourceError(f"No old database was named: give {FORMS}.")
    if scheme in ("mysql", "mariadb"):
        return _mysql_address(connection)
    if scheme == "sqlite":
        return _sqlite_path(connection[len("sqlite://") :])
    if scheme:
        raise SourceError(f"The scheme {scheme[:20]!r} is not supported: give {FORMS}.")
    return Path(connection)


def redacted(connection: str) -> str:
    """Show an address without its password, and nothing of one that cannot be read.

    An unescaped @ or / in a password makes it impossible to say where the password ends, so then all behind the
    scheme is hidden.
    """
    if found := _MYSQL.fullmatch(connection):
        secret = found["secret"] and found.span("secret")
        return connection[: secret[0]] + ":***" + connection[secret[1] :] if secret else connection
    scheme = _SCHEME.match(connection)
    if scheme and scheme[1].lower() != "sqlite":
        return f"{scheme[0]}***"
    return re.sub(r":.*@", ":***@", connection, flags=re.DOTALL)  # user:password@host, its scheme forgotten


def shown(path: Path) -> str:
    """Show a path in a message: without secrets and not longer than a line."""
    text = redacted(str(path))
    return text if len(text) <= PATH_LENGTH else "…" + text[-PATH_LENGTH:]


def _mysql_address(connection: str) -> MysqlAddress:
    found = _MYSQL.fullmatch(connection)
    if not found:
        raise SourceError(
            "This address cannot be read: write mysql://user:password@host:port/database "
            "with @ : / ? # % in user and password as %40 %3A %2F %3F %23 %25, and no options."
        )
    if not found["database"]:
        raise SourceError("The address names no database: write mysql://user:password@host:port/database.")
    port = int(found["port"] or DEFAULT_PORT)
    if not 0 < port < 65536:
        raise SourceError(f"The port {port} is not between 1 and 65535.")
    user, secret, database = (_decoded(found[part] or "") for part in ("user", "secret", "database"))
    return MysqlAddress(user, secret[1:], found["host"].strip("[]"), port, database)


def _decoded(text: str) -> str:
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise SourceError("The percent-encoding in the address is not UTF-8.") from None


def _sqlite_path(rest: str) -> Path:
    """`sqlite:///data/old.db` is /data/old.db; where only data/old.db exists, as SQLAlchemy means it, that."""
    text = _decoded(rest)
    path = Path(text)
    relative = Path(text.lstrip("/"))
    return relative if not _exists(path) and _exists(relative) else path


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False
