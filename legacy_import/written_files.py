"""The files that the command writes beside the database: readable by their owner alone, and never what it reads."""

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TextIO

SIDECARS = ("", "-wal", "-shm", "-journal")  # what SQLite keeps beside a database of this name


def open_private(file: Path) -> TextIO:
    """Open a file to be written anew, for its owner alone, for it shows values of people.

    :raises OSError: if it cannot be
    """
    return open(file, "w", encoding="utf-8", opener=_private)  # Path.open takes no opener


def overlap(written: Mapping[str, Path | None], read: Mapping[str, Path | None]) -> str:
    """Name the first file that would be written over what is read or written otherwise; "" where all are apart.

    Links count as what they lead to, and beside a database its journals are as much of it.
    """
    others = {what: path for what, path in read.items() if path is not None}
    for option, path in written.items():
        if path is None:
            continue
        for what, other in others.items():
            if any(_is_same(path, beside) for beside in _with_sidecars(other)):
                return f"{option} {path} is {what}: name another file."
        others[f"the file of {option}"] = path
    return ""


def _private(path: str, flags: int) -> int:
    descriptor = os.open(path, flags, 0o600)
    with suppress(PermissionError):  # a file of somebody else's, or what is no file
        os.fchmod(descriptor, 0o600)
    return descriptor


def _with_sidecars(path: Path) -> Iterator[Path]:
    for real in {str(path), os.path.realpath(path)}:
        yield from (Path(f"{real}{end}") for end in SIDECARS)


def _is_same(one: Path, other: Path) -> bool:
    """Also two names of one file are the same file."""
    try:
        return os.path.realpath(one) == os.path.realpath(other) or one.samefile(other)
    except (OSError, ValueError):
        return False
