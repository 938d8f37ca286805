"""The sample of an old database, read whole, from both dialects."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from legacy_import.aliases import Kind, understand
from legacy_import.mapping import MAPPERS, ImportOptions, Mapped
from legacy_import.source import open_source, read_schema
from tests.legacy_import.conftest import MariaDatabase

People = dict[Kind, dict[str, Mapped]]
OPTIONS = ImportOptions(currency="inr")


def read_and_map(connection: str) -> People:
    """Map every row of every table; a rejected one fails the test."""
    everything: People = {}
    with open_source(connection) as source:
        layout = understand(read_schema(source))
        for kind, table in layout.tables.items():
            mapped = [
                MAPPERS[kind](row, table, OPTIONS)
                for batch in source.rows(table.table, key=table.key, batch_size=7)
                for row in batch
            ]
            assert len(mapped) == source.count(table.table)
            everything[kind] = {one.legacy_id: one for one in mapped if isinstance(one, Mapped)}
    return everything


def test_every_row_of_the_sample_is_mapped(sample: Path) -> None:
    counted = {kind: len(rows) for kind, rows in read_and_map(str(sample)).items()}

    assert counted == {Kind.USERS: 40, Kind.CONTACTS: 60, Kind.ENROLLMENTS: 49, Kind.REGISTRATIONS: 35}


def test_an_account_keeps_its_hash_its_label_and_its_instant_to_the_millisecond(sample: Path) -> None:
    account = read_and_map(f"sqlite:///{sample}")[Kind.USERS]["3"]

    assert (
        account.fields.items()
        >= {
            "email": "person02@example.com",
            "password": "bcrypt_node$$2b$10$24Kkkh.ZW4fCZcqsEfG5fOXBOXKAoWmVwjVWC.jheeakiDnK/JVLy",
            "first_name": "Chloé",
            "last_name": "García-López",
            "user_type": "student",
            "created_at": datetime(2023, 3, 10, 23, 39, 3, 74_000, tzinfo=UTC),
        }.items()
    )


def test_contact_text_is_as_its_author_typed_it(sample: Path) -> None:
    contacts = read_and_map(str(sample))[Kind.CONTACTS]

    assert contacts["8"].fields["name"] == "Wanjiru O'Brien"
    assert contacts["2"].fields["message"] == "5 < 6 && 7 > 3, right? `code` and C:\\path"
    assert contacts["12"].fields["subject"] == "Is <b>React</b> covered?"


def test_a_registration_keeps_its_price_and_whether_it_was_paid(sample: Path) -> None:
    registrations = read_and_map(str(sample))[Kind.REGISTRATIONS]

    paid = registrations["4"].fields
    assert (paid["first_name"], paid["last_name"]) == ("Grzegorz", "D'Angelo")
    assert (paid["course_title"], paid["level"]) == ("Backend & APIs", "Intermediate")
    assert (paid["price"], paid["currency"], paid["is_paid"]) == (Decimal(12999), "inr", True)
    assert sum(one.fields["is_paid"] is True for one in registrations.values()) == 6


@pytest.mark.external
def test_mariadb_gives_the_very_same_rows(sample: Path, sample_dump: str, mariadb: MariaDatabase) -> None:
    mariadb.execute(sample_dump)

    assert read_and_map(mariadb.connection) == read_and_map(str(sample))
