"""Whether a run reads an old database otherwise than the last one did: an option forgotten rewrites rows quietly."""

import os
from collections.abc import Mapping
from pathlib import Path

from legacy_import.models import ImportRun
from legacy_import.source import SourceError
from legacy_import.source.address import parse_address

LOOKED_AT = 100  # runs; those of other databases may lie between


def warning_of(run: ImportRun) -> str:
    """Name the options that differ from those of the last finished run of the same database; "" if none does."""
    finished = ImportRun.objects.filter(outcome=ImportRun.Outcome.FINISHED).order_by("-id")
    here = _place(run.source)
    last = next((one for one in finished.defer("report")[:LOOKED_AT] if _place(one.source) == here), None)
    if last is None:
        return ""
    known = run.options.keys() & last.options.keys()  # an earlier release noted fewer
    differing = [name for name in sorted(known) if _meant(run.options, name) != _meant(last.options, name)]
    if not differing:
        return ""
    said = ", ".join(
        f"{name} {_shown(run.options, name)} instead of {_shown(last.options, name)}" for name in differing
    )
    return f"The last finished run of this database read it otherwise: {said}. Rows that this changes are written anew."


def tell_nobody(_warning: str) -> None:
    """Hear a warning and do nothing."""


def _place(source: str) -> object:
    """Return where a database is, whoever reads it and however its address is written."""
    try:
        address = parse_address(source)
    except SourceError:
        return source
    if isinstance(address, Path):
        return os.path.realpath(address)
    return address.host, address.port, address.database


def _meant(options: Mapping[str, object], name: str) -> object:
    """A mapping file counts by its digest, whatever it is called."""
    return str(options[name]).rpartition(" ")[2] if name == "mapping" else options[name]


def _shown(options: Mapping[str, object], name: str) -> str:
    value = options[name]
    return (", ".join(value) if isinstance(value, list) else str(value or "")) or "no"
