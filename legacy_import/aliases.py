"""Which table and column of an old database is what we know, told by their names. Pure.

Names are compared without case and without anything that is not a letter or a digit, so that `createdAt`,
`created_at`, `CreatedAt` and `CREATED-AT` are one; the first synonym that a table has wins.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Literal, TypedDict

from legacy_import.passwords import DEFAULT_RULES, PasswordRules
from legacy_import.rows import Identity
from legacy_import.synonyms import GLUED_PREFIXES, KNOWN, NOT_A_NAME, NOT_A_PREFIX, SECRETS, TOGETHER, Kind

__all__ = ["KNOWN", "Kind", "Layout", "LayoutError", "TableLayout", "TableOverride", "recognised", "understand"]


class TableOverride(TypedDict, total=False):
    """What a person knows better about one kind; all may be left out.

    A table "" means: do not import this kind; a column "" means: not this field. A column may be `column.key` of a
    JSON column, and a field of TOGETHER may have a list of them. `values` leads from words of the old site to ours, for
    each field.
    """

    table: str
    key: str
    columns: dict[str, str | list[str]]
    values: dict[str, dict[str, str]]
    timezone: str
    currency: str
    price_unit: Literal["major", "minor"]
    passwords: PasswordRules


@dataclass(frozen=True)
class TableLayout:
    """Where one kind lives: `columns` leads from our field to the source's, `key` orders and resumes.

    The rest is what a person said about this table alone; None means that the options of the run count.
    """

    table: str
    key: str | None
    columns: dict[str, str]
    unused: list[str]
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    json: frozenset[str] = frozenset()
    """Entries of `columns` that are `column.key` of a JSON column."""
    timezone: str | None = None
    currency: str | None = None
    price_unit: Literal["major", "minor"] | None = None
    passwords: PasswordRules = DEFAULT_RULES
    identity: Identity = ()
    """What ids are made of where no column holds them."""
    moving: frozenset[str] = frozenset()
    """Fields whose column the old database writes anew whenever a row changes: no date of anything else."""
    also: dict[str, list[str]] = field(default_factory=dict)
    """Further columns of a field: of those of TOGETHER each counts."""

    @property
    def has_ids(self) -> bool:
        """Whether a row that changes keeps its id."""
        return "id" in self.columns or bool(self.identity)

    @property
    def id_columns(self) -> list[str]:
        """Columns that a row's id is made of; none where it is a key of a JSON column, or there is no id."""
        column = self.columns.get("id", "")
        if column:
            return [] if column in self.json else [column]
        return [one for part in self.identity for one in part]

    def columns_of(self, field: str) -> list[str]:
        """Return every column of a field, the best first."""
        return [self.columns[field], *self.also.get(field, [])] if field in self.columns else []

    @property
    def understood(self) -> list[str]:
        """Every column that is read."""
        return [*self.columns.values(), *chain.from_iterable(self.also.values())]

    @property
    def switches(self) -> dict[str, list[str]]:
        """The columns any of which may switch a row off, by field."""
        return {field: self.columns_of(field) for field in TOGETHER if field in self.columns}

    @property
    def secrets(self) -> frozenset[str]:
        """Columns that hold passwords and what belongs to them."""
        named = (self.columns[one] for one in SECRETS if one in self.columns)
        return frozenset(name.partition(".")[0] if name in self.json else name for name in named)


@dataclass(frozen=True)
class Layout:
    """What was understood of a whole database, in the order of import, and what was not."""

    tables: dict[Kind, TableLayout]
    missing: list[Kind]
    unknown_tables: list[str]


class LayoutError(ValueError):
    """A mapping names something that does not exist; `keys` say where it does."""

    def __init__(self, message: str, *keys: str) -> None:
        super().__init__(message)
        self.keys = keys


def understand(tables: Mapping[str, Sequence[str]], override: Mapping[str, TableOverride] | None = None) -> Layout:
    """Recognise our kinds in a database, given as table names with their columns.

    :raises LayoutError: if `override` names a kind, table, field or column that does not exist
    """
    overrides = {_kind(name): known for name, known in (override or {}).items()}
    free = [table for table in tables if table not in {known.get("table") for known in overrides.values()}]
    found: dict[Kind, TableLayout] = {}
    for kind in Kind:
        known = overrides.get(kind, TableOverride())
        table = known["table"] if "table" in known else _best_table(kind, free, tables)
        if table:
            found[kind] = _table_layout(kind, table, tables, known)
            free = [other for other in free if other != table]
    return Layout(found, [kind for kind in Kind if kind not in found], free)


def _best_table(kind: Kind, free: Sequence[str], tables: Mapping[str, Sequence[str]]) -> str | None:
    """The best name wins; of two equally good ones the table in which more of our fields are recognised."""
    ranked = []
    for position, table in enumerate(free):
        rank = _rank(kind, table)
        if rank is None or not tables[table] or (rank[1] and _is_another(kind, table)):
            continue
        fields = recognised(kind, tables[table])
        if not KNOWN[kind].needed or any(needed in fields for needed in KNOWN[kind].needed):
            ranked.append((rank, -len(fields), position, table))
    return min(ranked)[3] if ranked else None


def _is_another(kind: Kind, table: str) -> bool:
    """Whether the name is exactly that of another kind: `user_courses` are enrolments, not courses of users."""
    ranks = (_rank(other, table) for other in Kind if other is not kind)
    return any(rank is not None and not rank[1] for rank in ranks)


def _rank(kind: Kind, table: str) -> tuple[int, bool] | None:
    words = _words(table)
    for position, alias in enumerate(KNOWN[kind].tables):
        for name in _singular_and_plural(alias):
            if (prefixed := _prefixed(words, name.split())) is not None:
                return position, prefixed
    return None


def _prefixed(words: Sequence[str], name: Sequence[str]) -> bool | None:
    """False if a table is called exactly so, True if with a prefix, None if it is called otherwise."""
    glued, wanted = "".join(words), "".join(name)
    if glued == wanted:
        return False
    if glued in {prefix + wanted for prefix in GLUED_PREFIXES}:
        return True
    prefix = words[: -len(name)]
    fits = list(words[-len(name) :]) == list(name) and 1 <= len(prefix) <= 2
    return True if fits and not NOT_A_PREFIX.intersection(prefix) else None


def _singular_and_plural(alias: str) -> Iterator[str]:
    yield alias
    yield alias[:-1] + "ies" if alias.endswith("y") else alias + "s"


def _words(name: str) -> list[str]:
    return re.findall(r"[^\W_]+", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower())


def _plain(name: str) -> str:
    return "".join(_words(name))


def recognised(kind: Kind, columns: Sequence[str]) -> dict[str, str]:
    """Lead from our fields to columns.

    First comes every column under a name that we know, then `contact_email` and the like for what is left.
    """
    plain = {_plain(column): column for column in reversed(columns)}
    shortened = {_shortened(kind, name): plain[name] for name in plain if name != NOT_A_NAME}
    found: dict[str, str] = {}
    for names in (plain, shortened):
        for ours, synonyms in KNOWN[kind].fields.items():
            column = _first(names, synonyms.split(), taken=found.values())
            if column and ours not in found:
                found[ours] = column
    return {ours: found[ours] for ours in KNOWN[kind].fields if ours in found}


def _others(kind: Kind, columns: Sequence[str], found: Mapping[str, str]) -> dict[str, list[str]]:
    """Lead from the fields of TOGETHER that were found to the columns that say as much, under another name."""
    left = [column for column in columns if column not in found.values()]
    others = {}
    for ours in [name for name in TOGETHER if name in found]:
        names = [_plain(synonym) for synonym in KNOWN[kind].fields[ours].split()]
        ranked = [(names.index(name), column) for column in left if (name := _known_as(kind, column, names))]
        others[ours] = [column for _, column in sorted(ranked)]
    return {ours: those for ours, those in others.items() if those}


def _known_as(kind: Kind, column: str, names: Sequence[str]) -> str:
    plain = _plain(column)
    return next((name for name in (plain, _shortened(kind, plain)) if name in names), "")


def _shortened(kind: Kind, name: str) -> str:
    """Take the table's word off the front: `contactemail` becomes `email`."""
    owners = "|".join(_plain(table) for table in KNOWN[kind].tables)
    return re.sub(f"^(?:{owners})", "", name)


def _first(names: Mapping[str, str], synonyms: Sequence[str], *, taken: Iterable[str]) -> str | None:
    candidates = [names[_plain(synonym)] for synonym in synonyms if _plain(synonym) in names]
    return next((column for column in candidates if column not in taken), None)


def _kind(name: str) -> Kind:
    try:
        return Kind(name)
    except ValueError:
        raise LayoutError(f"the mapping names {name!r}, which is none of {', '.join(Kind)}", name) from None


def _table_layout(kind: Kind, table: str, tables: Mapping[str, Sequence[str]], known: TableOverride) -> TableLayout:
    chosen = _listed(known)
    _check(kind, table, tables, known)
    said = list(chain.from_iterable(chosen.values()))
    json = frozenset(column for column in said if column not in tables[table])
    used = {column.partition(".")[0] if column in json else column for column in said}
    left = [column for column in tables[table] if column not in used]
    columns = {name: column for name, column in recognised(kind, left).items() if name not in chosen}
    also = _others(kind, left, columns) | {name: those[1:] for name, those in chosen.items() if those[1:]}
    columns |= {name: those[0] for name, those in chosen.items() if those}
    key = known.get("key") or columns.get("id")
    if key:
        columns.setdefault("id", key)
    used |= {*columns.values(), *chain.from_iterable(also.values())}
    unused = [name for name in tables[table] if name not in used]
    return TableLayout(
        table,
        key,
        columns,
        unused,
        known.get("values", {}),
        json,
        known.get("timezone"),
        known.get("currency"),
        known.get("price_unit"),
        known.get("passwords", DEFAULT_RULES),
        also=also,
    )


def _listed(known: TableOverride) -> dict[str, list[str]]:
    """Return the columns that a person named for each field; none where they said that there is none."""
    said = known.get("columns", {})
    return {name: ([one] if one else []) if isinstance(one, str) else one for name, one in said.items()}


def _check(kind: Kind, table: str, tables: Mapping[str, Sequence[str]], known: TableOverride) -> None:
    if table not in tables:
        raise LayoutError(f"the mapping names the table {table!r}, which the database does not have", kind, "table")
    for part in ("columns", "values"):
        named: Mapping[str, object] = known.get(part, {})  # type: ignore[assignment]  # both are tables by our fields
        if strange := [name for name in named if name not in KNOWN[kind].fields]:
            raise LayoutError(f"the mapping names {strange[0]!r}, which is no field of {kind}", kind, part, strange[0])
    chosen = [(column, (kind, "columns", name)) for name, those in _listed(known).items() for column in those]
    for column, keys in [*chosen, (known.get("key", ""), (kind, "key"))]:
        if column and not _is_there(column, tables[table]):
            raise LayoutError(f"the mapping names the column {column!r}, which {table} does not have", *keys)


def _is_there(column: str, columns: Sequence[str]) -> bool:
    """Also a key of a JSON column is there, as far as can be told without reading it."""
    base, dot, rest = column.partition(".")
    return column in columns or bool(dot and rest and base in columns)
