"""Making a backup: the story on one page."""

from pathlib import Path
from typing import NamedTuple, Protocol

from django.conf import settings
from django.db import connection
from django.utils import timezone

from audit.actor import Actor
from audit.services import record
from titanobova.site.backups import postgresql, sqlite
from titanobova.site.backups.archive import DUMP, Writer, digest_of, publish, workplace
from titanobova.site.backups.database import applied_migrations
from titanobova.site.backups.errors import BackupRefused
from titanobova.site.backups.manifest import FORMAT, Manifest
from titanobova.site.backups.media import add_media


class Engine(Protocol):
    """What each kind of database does in its own way."""

    def dump(self, target: Path) -> dict[str, int]: ...

    def check(self, dump_file: Path) -> None: ...

    def restore(self, dump_file: Path, rows: dict[str, int]) -> None: ...


class Made(NamedTuple):
    """A finished backup."""

    path: Path
    size: int
    sha256: str
    rows: int
    files: int


def make_backup(target: Path, *, by: Actor, with_media: bool = True) -> Made:
    """Write all that is stored into the file `target`, or into a new file of the folder `target`; record it.

    The database first, then the pictures: one that is added meanwhile is too much, one that is missing would show.

    :raises BackupRefused: when there is such a file, or something fails; then there is none.
    """
    target = free_name(target)
    with workplace(target.parent) as place:
        rows = engine().dump(place / DUMP)
        with Writer(place / "archive") as archive:
            archive.add(DUMP, place / DUMP)
            if with_media:
                add_media(archive)
            archive.finish(_manifest(rows, archive.files))
        size, sha256 = (place / "archive").stat().st_size, digest_of(place / "archive")
        publish(place / "archive", target)
    made = Made(target, size, sha256, sum(rows.values()), len(archive.files) - 1)
    facts: dict[str, object] = {"file": target.name, "sha256": made.sha256, "bytes": made.size}
    record("create", "site.backup.made", by=by, details=facts)
    return made


def engine() -> Engine:
    """Return the module that dumps and restores this kind of database."""
    return postgresql if connection.vendor == "postgresql" else sqlite


def free_name(target: Path) -> Path:
    """Return the path of the new file.

    :raises BackupRefused: when it exists, or its folder does not.
    """
    if target.is_dir():
        target = target / f"titanobova-{timezone.now():%Y%m%dT%H%M%SZ}.backup"
    if target.exists():
        raise BackupRefused(f"{target} exists already and stays as it is")
    if not target.parent.is_dir():
        raise BackupRefused(f"there is no folder {target.parent}")
    return target.absolute()


def _manifest(rows: dict[str, int], files: dict[str, str]) -> Manifest:
    return Manifest(
        format=FORMAT,
        release=settings.RELEASE,
        vendor=connection.vendor,
        server=".".join(map(str, connection.get_database_version())),
        database=Path(str(connection.settings_dict["NAME"])).name,
        made_at=timezone.now().isoformat(),
        migrations=applied_migrations(connection),
        rows=rows,
        files=files,
    )
