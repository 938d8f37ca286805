"""The file of a backup: a tar of the dump, the pictures, the manifest, and at the very end the manifest's digest.

Cut off anywhere, it lacks its end; altered anywhere, a digest does not fit. Digests find damage. They do not find an
attacker, who may write new ones: keep backups where only the owner writes.
"""

import hashlib
import io
import os
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from shutil import copyfileobj, rmtree
from tempfile import mkdtemp
from typing import IO, Self

from titanobova.site.backups.errors import BackupRefused
from titanobova.site.backups.manifest import Manifest

DUMP, MANIFEST, SEAL = "database.dump", "manifest.json", "manifest.sha256"
MEDIA = "media/"
PIECE = 2**20  # bytes


@contextmanager
def workplace(folder: Path) -> Iterator[Path]:
    """Make a folder that only its owner reads, beside the target, so that a finished file can be renamed there."""
    place = Path(mkdtemp(prefix=".titanobova-backup-", dir=folder))
    try:
        yield place
    finally:
        rmtree(place, ignore_errors=True)


def digest(file: IO[bytes]) -> str:
    """Return the SHA-256 of all that is left in `file`."""
    made = hashlib.sha256()
    while piece := file.read(PIECE):
        made.update(piece)
    return made.hexdigest()


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return digest(file)


class Writer:
    """Fills a new archive; the block that it is opened for closes its file, finished or not."""

    def __init__(self, path: Path) -> None:
        self._file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        self._tar = tarfile.open(fileobj=self._file, mode="w", format=tarfile.PAX_FORMAT)  # noqa: SIM115 - ends with `finish`
        self.files: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *args: object) -> None:
        self._file.close()

    def add(self, name: str, path: Path) -> None:
        """Put a file into the archive, and its digest into `files`.

        It is read from one open handle as long as it was at the beginning: a file that somebody replaces meanwhile
        goes in whole, as it was.
        """
        with path.open("rb") as file:
            self.files[name] = digest(file)
            length = file.tell()
            file.seek(0)
            self._add(name, file, length)

    def finish(self, manifest: Manifest) -> None:
        """Put the manifest and its digest at the end, and wait until the disk has all of it."""
        text = manifest.as_json()
        seal = hashlib.sha256(text).hexdigest().encode()
        for name, content in ((MANIFEST, text), (SEAL, seal)):
            self._add(name, io.BytesIO(content), len(content))
        self._tar.close()
        self._file.flush()
        os.fsync(self._file.fileno())

    def _add(self, name: str, file: IO[bytes], length: int) -> None:
        member = tarfile.TarInfo(name)
        member.size, member.mode = length, 0o600
        self._tar.addfile(member, file)


def publish(path: Path, target: Path) -> None:
    """Give a finished file its name, all at once, and never the name of another file.

    :raises BackupRefused: when somebody else has made it meanwhile.
    """
    try:
        os.link(path, target)
    except FileExistsError:
        raise BackupRefused(f"{target} exists already and stays as it is") from None
    except OSError:  # a disk without hard links; there the name has been free a moment ago
        path.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read_manifest(path: Path) -> Manifest:
    """Read the whole archive and return its manifest; nothing is written anywhere.

    :raises BackupRefused: when it is no backup, or not exactly what was written.
    """
    found: dict[str, str] = {}
    texts: dict[str, bytes] = {}
    try:
        with tarfile.open(path, "r:") as tar:
            for member in tar:
                file = _plain_file(tar, member)
                if member.name in found or member.name in texts:
                    raise BackupRefused(f"the backup holds {member.name} twice")
                if member.name in {MANIFEST, SEAL}:
                    texts[member.name] = file.read()
                else:
                    found[member.name] = digest(file)
    except (tarfile.TarError, EOFError) as error:
        raise BackupRefused(f"{path} is cut off, altered, or no backup: {error}") from None
    return _proved(found, texts)


def _plain_file(tar: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    """Return the content of a member; anything but a plain file with a plain name is not of ours."""
    file = tar.extractfile(member) if member.isreg() else None
    parts = PurePosixPath(member.name).parts
    if file is None or member.name.startswith("/") or ".." in parts:
        raise BackupRefused("the backup holds what no backup of ours holds")
    return file


def _proved(found: dict[str, str], texts: dict[str, bytes]) -> Manifest:
    if texts.keys() != {MANIFEST, SEAL}:
        raise BackupRefused("the backup is cut off: its manifest is missing")
    if hashlib.sha256(texts[MANIFEST]).hexdigest().encode() != texts[SEAL]:
        raise BackupRefused("the manifest of the backup was altered")
    manifest = Manifest.from_json(texts[MANIFEST])
    wrong = sorted(name for name in found.keys() | manifest.files.keys() if found.get(name) != manifest.files.get(name))
    if wrong or DUMP not in found:
        raise BackupRefused(f"the backup was altered: {', '.join(wrong[:3]) or DUMP} is not what was written")
    return manifest


def unpack(path: Path, names: Iterable[str], place: Path) -> None:
    """Write members of a proved archive into `place`, under their names."""
    wanted = set(names)
    with tarfile.open(path, "r:") as tar:
        for member in tar:
            if member.name in wanted:
                target = place / member.name
                target.parent.mkdir(parents=True, exist_ok=True)
                with target.open("wb") as file:
                    copyfileobj(_plain_file(tar, member), file, PIECE)
