"""Whether the peers answer what ours answers; else they are measured at another task."""

from collections.abc import Mapping
from typing import Any

VARYING = {"next", "previous", "created_at", "updated_at"}  # the port, and the digits of a second


def differences(ours: Any, theirs: Any) -> list[str]:
    """Return the places at which the two differ, as `results.0.title`."""
    left, right = dict(_flatten(ours)), dict(_flatten(theirs))
    return sorted(place for place in left.keys() | right.keys() if left.get(place) != right.get(place))


def _flatten(value: Any, place: str = "") -> list[tuple[str, object]]:
    if not isinstance(value, Mapping | list):
        return [(place, "varies" if place.rpartition(".")[2] in VARYING else value)]
    pairs = value.items() if isinstance(value, Mapping) else enumerate(value)
    return [leaf for key, inner in pairs for leaf in _flatten(inner, f"{place}.{key}".lstrip("."))]
