"""The uploaded pictures in a backup."""

import os
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from titanobova.site.backups.archive import MEDIA, Writer


def uploaded_files() -> Iterator[tuple[str, Path]]:
    """Yield the name in the archive and the path of each uploaded file; links are not followed, and not kept."""
    root = Path(settings.MEDIA_ROOT)
    for folder, _, names in os.walk(root):
        for name in sorted(names):
            path = Path(folder, name)
            if path.is_file() and not path.is_symlink():
                yield MEDIA + path.relative_to(root).as_posix(), path


def add_media(archive: Writer) -> None:
    """Put every uploaded file into the archive; one that is deleted meanwhile is left out."""
    for name, path in uploaded_files():
        try:
            archive.add(name, path)
        except FileNotFoundError:
            continue


def bring_back(unpacked: Path) -> int:
    """Give each unpacked file its place under MEDIA_ROOT, as a whole, and return how many there were.

    What lies there besides stays: a picture that no row names is shown to nobody.
    """
    number = 0
    source = unpacked / MEDIA
    for path in (path for path in sorted(source.rglob("*")) if path.is_file()):
        target = Path(settings.MEDIA_ROOT) / path.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = target.with_name(f".{target.name}.part")
        unfinished.write_bytes(path.read_bytes())
        unfinished.chmod(0o644)
        unfinished.replace(target)
        number += 1
    return number
