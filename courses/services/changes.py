"""Changing the columns of a row, and telling the log what changed."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Model

SHOWN = 60  # characters of a value; all of a row's texts together must fit into one row of the log


def apply_changes(row: Model, changes: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Set the columns that change, and return them for the log, each from what to what; the row is not saved yet."""
    differences = {}
    for name, new in changes.items():
        if (old := getattr(row, name)) != new:
            differences[name] = {"from": str(old)[:SHOWN], "to": str(new)[:SHOWN]}
            setattr(row, name, new)
    return differences
