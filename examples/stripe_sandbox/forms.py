"""Stripe's form encoding, `metadata[order]=7` or `types[]=a`, read into nested dictionaries of strings."""

import re
from urllib.parse import parse_qsl

from examples.stripe_sandbox.answers import Json, invalid

DEEPEST = 4


def parse_form(text: str) -> Json:
    """Return the parameters of a form body or query string; the items of a list under their numbers.

    :raises ApiError: if a name nests too deeply or is used both as a value and as a dictionary
    """
    params: Json = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        *way, last = (part.removesuffix("]") for part in name.split("["))
        target = params
        for part in way:
            target = target.setdefault(part, {})
            if len(way) > DEEPEST or not isinstance(target, dict):
                raise invalid(f"Invalid parameter: {name[:80]}", param=way[0])
        target[last or str(len(target))] = value
    return params


def refuse_unknown(params: Json, known: frozenset[str]) -> None:
    """Refuse parameters that this endpoint does not know, as Stripe does.

    :raises ApiError: with the code `parameter_unknown`
    """
    for name in params:
        if name not in known:
            raise invalid(f"Received unknown parameter: {name}", param=name, code="parameter_unknown")


def text(params: Json, name: str, *, longest: int = 1000) -> str | None:
    """Return a text parameter, or None if it is absent or empty.

    :raises ApiError: if it is nested or longer than `longest` characters
    """
    value = params.get(name)
    if not isinstance(value, str | None) or len(value or "") > longest:
        raise invalid(f"Invalid string: {name}; it has at most {longest} characters", param=name)
    return value or None


def whole_number(params: Json, name: str) -> int | None:
    """Return an integer parameter, or None if it is absent.

    :raises ApiError: with the code `parameter_invalid_integer` for everything but an optional sign and digits
    """
    value = text(params, name, longest=100)
    if value is None:
        return None
    if not re.fullmatch(r"[+-]?[0-9]{1,18}", value):
        raise invalid(f"Invalid integer: {value}", param=name, code="parameter_invalid_integer")
    return int(value)


def texts(params: Json, name: str, *, most: int = 20) -> list[str]:
    """Return the items of a list parameter, none if it is absent.

    :raises ApiError: if it is no list, or one of more than `most` items
    """
    given = params.get(name, {})
    if not isinstance(given, dict) or len(given) > most or not all(number.isdecimal() for number in given):
        raise invalid(f"Invalid array: {name}; it has at most {most} items", param=name)
    return [item for number in sorted(given, key=int) if (item := text(given, number))]


def flag(params: Json, name: str) -> bool | None:
    """Return a boolean parameter, or None if it is absent.

    :raises ApiError: for everything but `true` and `false`
    """
    value = text(params, name, longest=100)
    if value not in {None, "true", "false"}:
        raise invalid(f"Invalid boolean: {value}", param=name)
    return None if value is None else value == "true"
