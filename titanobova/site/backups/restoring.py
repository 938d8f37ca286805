"""Restoring a backup: everything is proved before anything is touched."""

from pathlib import Path

from django.core.management import call_command
from django.db import connection

from audit.actor import Actor
from audit.services import record
from titanobova.site.backups.archive import DUMP, MEDIA, digest_of, read_manifest, unpack, workplace
from titanobova.site.backups.database import filled_tables, known_migrations
from titanobova.site.backups.errors import BackupRefused, PicturesMissing
from titanobova.site.backups.making import engine
from titanobova.site.backups.manifest import Manifest
from titanobova.site.backups.media import bring_back


def restore_backup(path: Path, *, by: Actor, replace: str = "", with_media: bool = True) -> Manifest:
    """Put a backup in the place of the database, bring its tables up to this release, and record it there.

    `replace` names a database that may be lost for it; without it only an empty one is filled.

    :raises BackupRefused: when the backup is not whole, or not fit for this code and this database; or somebody's
        data would be lost without their saying so. Then nothing is touched.
    :raises PicturesMissing: when the database is restored, but not all pictures.
    """
    manifest = read_manifest(path)
    _refuse_unfit(manifest)
    _refuse_loss(replace)
    with workplace(path.parent) as place:
        wanted = [name for name in manifest.files if name == DUMP or (with_media and name.startswith(MEDIA))]
        unpack(path, wanted, place)
        engine().check(place / DUMP)
        engine().restore(place / DUMP, manifest.rows)
        call_command("migrate", interactive=False, verbosity=0)
        facts: dict[str, object] = {"file": path.name, "sha256": digest_of(path), "made_at": manifest.made_at}
        record("update", "site.backup.restored", by=by, details=facts)
        _bring_pictures_back(place)
    return manifest


def _bring_pictures_back(place: Path) -> None:
    try:
        bring_back(place)
    except OSError as error:
        raise PicturesMissing(f"The database is restored, its pictures are not: {error.strerror}") from error


def _refuse_unfit(manifest: Manifest) -> None:
    if manifest.vendor != connection.vendor:
        raise BackupRefused(f"the backup is one of {manifest.vendor}, the database here is {connection.vendor}")
    unknown = sorted(set(manifest.migrations) - set(known_migrations()))
    if unknown:
        raise BackupRefused(f"the backup is of a later release ({manifest.release}): {unknown[0]} is not known here")


def _refuse_loss(replace: str) -> None:
    name = Path(str(connection.settings_dict["NAME"])).name
    if replace and replace != name:
        raise BackupRefused(f"the database here is {name}, not {replace}")
    filled = filled_tables(connection)
    if filled and not replace:
        raise BackupRefused(f"{name} is not empty ({filled[0]}); to lose all that is in it, say: --replace {name}")
