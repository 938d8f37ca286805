"""The mapping file: what a person knows better about an old database, in TOML. Read here, written by --inspect.

```toml
[users]
table = "tbl_members"          # "" means: do not import users
key = "member_no"
timezone = "Asia/Kolkata"      # of this table alone, as are currency and price_unit

[users.columns]                # our field = "their column"; "" means: not this field
email = "mailbox"
first_name = "profile.given"   # a key of a JSON column
active = ["is_active", "status"]  # of active, blocked, deleted and published each column counts: any may switch off

[users.values.user_type]       # their word = "our word"
"super user" = "admin"

[users.passwords]              # what a hash does not say itself, see legacy_import/passwords.py
scheme = "pbkdf2"
iterations = 100000
```
"""

import json
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

from legacy_import.aliases import TableOverride
from legacy_import.clean import parse_flag
from legacy_import.dates import zone_named
from legacy_import.passwords import PasswordRules
from legacy_import.synonyms import TOGETHER, Kind
from legacy_import.words import CONTACT_STATUSES, ENROLLMENT_STATUSES, LEVELS, PAYMENT_STATUSES, ROLES_BY_RANK

LARGEST = 1_000_000  # bytes
MESSAGE_LENGTH = 200
_HEADER = re.compile(r"\s*\[([^\]]+)\]")
_KEY = re.compile(r"\s*(\"(?:[^\"\\]|\\.)*\"|'[^']*'|[^=#\s]+)\s*=")
_CHOICES: dict[str, tuple[str, ...]] = {
    "price_unit": ("major", "minor"),
    "scheme": ("auto", "scrypt", "pbkdf2", "digest", "plain", "unusable"),
    "algorithm": ("", "md5", "sha1", "sha224", "sha256", "sha384", "sha512"),
    "order": ("salt_password", "password_salt", "hmac"),
    "salt_encoding": ("text", "hex", "base64"),
}
# What the right side of [KIND.values.FIELD] may say; whatever is not named here is a yes or a no.
_OURS: dict[tuple[str, str], tuple[str, ...]] = {
    ("", "user_type"): ROLES_BY_RANK,
    ("", "level"): tuple(dict.fromkeys(LEVELS.values())),
    ("contacts", "status"): tuple(dict.fromkeys(CONTACT_STATUSES.values())),
    ("enrollments", "status"): tuple(dict.fromkeys(ENROLLMENT_STATUSES.values())),
    ("payments", "status"): tuple(dict.fromkeys(PAYMENT_STATUSES.values())),
}
_NUMBERS = frozenset(one.name for one in fields(PasswordRules) if one.type is int or one.type == "int")


class MappingFileError(ValueError):
    """The mapping file cannot be used: one line that names the file, the line in it and the key."""

    def __init__(self, message: str) -> None:
        line = " ".join(message.split())
        super().__init__(line if len(line) <= MESSAGE_LENGTH else line[: MESSAGE_LENGTH - 1] + "…")


class MappingFile(dict[str, TableOverride]):
    """What `understand` takes, with the text it came from, so that a complaint can name its line."""

    def __init__(self, overrides: Mapping[str, TableOverride], name: str, text: str) -> None:
        super().__init__(overrides)
        self._name, self._text = name, text

    @property
    def name_and_digest(self) -> str:
        """Return what the file is called, and a digest of what it says whatever its comments are."""
        said = json.dumps(self, sort_keys=True, default=vars).encode()
        return f"{self._name} {sha256(said).hexdigest()[:12]}"

    def complaint(self, keys: Sequence[str], problem: str) -> MappingFileError:
        """Return the error for what stands under `keys`."""
        return _error(self._name, self._text, keys, problem)


def read_mapping(path: Path) -> MappingFile:
    """Read a mapping file.

    :raises MappingFileError: if it cannot be read, is no TOML, or says something that has no meaning
    """
    try:
        if path.stat().st_size > LARGEST:
            raise MappingFileError(f"{path.name} is too large for a mapping file.")
        text = path.read_text(encoding="utf-8")
        document = tomllib.loads(text)
    except OSError as error:
        raise MappingFileError(f"{path.name} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise error if isinstance(error, MappingFileError) else MappingFileError(f"{path.name}: {error}") from None
    reader = _Reader(path.name, text)
    return MappingFile({kind: reader.override(kind, said) for kind, said in document.items()}, path.name, text)


class _Reader:
    """Checks what a document says, key by key."""

    def __init__(self, name: str, text: str) -> None:
        self._name, self._text = name, text

    def override(self, kind: str, said: object) -> TableOverride:
        if kind not in {str(known) for known in Kind}:
            raise self._error([kind], f"is none of {', '.join(Kind)}")
        checks: dict[str, Callable[[list[str], object], object]] = {
            "table": self._text_of,
            "key": self._text_of,
            "columns": self._columns,
            "values": self._values,
            "timezone": self._zone,
            "currency": self._currency,
            "price_unit": self._choice,
            "passwords": self._passwords,
        }
        found = self._table([kind], said)
        if strange := [key for key in found if key not in checks]:
            raise self._error([kind, strange[0]], f"is none of {', '.join(checks)}")
        return cast(TableOverride, {key: checks[key]([kind, key], value) for key, value in found.items()})

    def _table(self, keys: list[str], value: object) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise self._error(keys, "is not a table")
        return value

    def _text_of(self, keys: list[str], value: object) -> str:
        if not isinstance(value, str):
            raise self._error(keys, "is not a text")
        return value

    def _texts(self, keys: list[str], value: object) -> dict[str, str]:
        return {key: self._text_of([*keys, key], one) for key, one in self._table(keys, value).items()}

    def _columns(self, keys: list[str], value: object) -> dict[str, str | list[str]]:
        return {field: self._column([*keys, field], one) for field, one in self._table(keys, value).items()}

    def _column(self, keys: list[str], value: object) -> str | list[str]:
        if not isinstance(value, list):
            return self._text_of(keys, value)
        if keys[-1] not in TOGETHER:
            raise self._error(keys, f"is one column; only of {', '.join(TOGETHER)} there may be a list")
        if not value or not all(isinstance(one, str) and one for one in value):
            raise self._error(keys, "is not a list of columns")
        return value

    def _values(self, keys: list[str], value: object) -> dict[str, dict[str, str]]:
        found = {key: self._texts([*keys, key], one) for key, one in self._table(keys, value).items()}
        for field, words in found.items():
            for theirs, ours in words.items():
                if problem := _problem_of_word(keys[0], field, ours):
                    raise self._error([*keys, field, theirs], problem)
        return found

    def _zone(self, keys: list[str], value: object) -> str:
        name = self._text_of(keys, value)
        try:
            zone_named(name)
        except ValueError as error:
            raise self._error(keys, str(error)) from None
        return name

    def _currency(self, keys: list[str], value: object) -> str:
        code = self._text_of(keys, value).lower()
        if not (len(code) == 3 and code.isascii() and code.isalpha()):
            raise self._error(keys, "is not a currency of three letters")
        return code

    def _choice(self, keys: list[str], value: object) -> str:
        allowed = _CHOICES[keys[-1]]
        if value not in allowed:
            raise self._error(keys, f"is none of {', '.join(filter(None, allowed))}")
        return str(value)

    def _passwords(self, keys: list[str], value: object) -> PasswordRules:
        said = {key: self._rule([*keys, key], one) for key, one in self._table(keys, value).items()}
        return PasswordRules(**said)

    def _rule(self, keys: list[str], value: object) -> Any:
        if keys[-1] in _NUMBERS:
            if type(value) is not int or value < 0:
                raise self._error(keys, "is not a whole number")
            return value
        if keys[-1] not in _CHOICES or keys[-1] == "price_unit":
            raise self._error(keys, f"is none of {', '.join(one.name for one in fields(PasswordRules))}")
        return self._choice(keys, value)

    def _error(self, keys: Sequence[str], problem: str) -> MappingFileError:
        return _error(self._name, self._text, keys, problem)


def _problem_of_word(kind: str, field: str, ours: str) -> str:
    allowed = _OURS.get((kind, field)) or _OURS.get(("", field))
    if allowed is None:
        return "" if parse_flag(ours) is not None else "is neither yes nor no"
    return "" if ours in allowed else f"is none of {', '.join(filter(None, allowed))}"


def _error(name: str, text: str, keys: Sequence[str], problem: str) -> MappingFileError:
    line = _line_of(text, list(keys))
    return MappingFileError(f"{name}{f', line {line}' if line else ''}: {'.'.join(keys)} {problem}.")


def _line_of(text: str, keys: list[str]) -> int | None:
    """Find where the keys stand, or else the nearest table around them; TOML's parser does not tell."""
    header: list[str] = []
    nearest = None
    for number, line in enumerate(text.splitlines(), start=1):
        if found := _HEADER.match(line):
            header = _parts(found[1])
            if header == keys:
                return number
            if header and header == keys[: len(header)]:
                nearest = number
        elif (found := _KEY.match(line)) and [*header, *_parts(found[1])] == keys:
            return number
    return nearest


def _parts(name: str) -> list[str]:
    return [part.strip().strip("\"'") for part in re.findall(r"\"[^\"]*\"|'[^']*'|[^.]+", name)]
