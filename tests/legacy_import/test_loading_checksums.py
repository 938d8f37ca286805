"""Checksums: the same for the same, whatever a database makes of it."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from legacy_import.loading.checksums import checksum_of_fields
from legacy_import.loading.ids import uuid7_of

INDIA = timezone(timedelta(hours=5, minutes=30))


def test_what_a_database_may_write_otherwise_is_the_same() -> None:
    here = {"price": Decimal(12999), "at": datetime(2023, 1, 1, 5, 30, tzinfo=INDIA), "name": "Ada"}
    there = {"name": "Ada", "at": datetime(2023, 1, 1, tzinfo=UTC), "price": Decimal("12999.000")}

    assert checksum_of_fields(here) == checksum_of_fields(there)


@pytest.mark.parametrize(
    "other", [{"a": "x", "b": ""}, {"a": "", "b": "x"}, {"a": None, "b": "x"}, {"a": "None", "b": "x"}]
)
def test_what_differs_has_another_checksum(other: dict[str, object]) -> None:
    all_others: list[dict[str, object]] = [{"a": "x", "b": None}, {"a": "x"}, {"b": "x"}]

    assert checksum_of_fields(other) not in {checksum_of_fields(one) for one in all_others}


def test_an_id_made_of_an_instant_is_a_uuid_of_version_7_that_says_it() -> None:
    made = uuid7_of(datetime(2023, 3, 10, 23, 39, 3, 74_000, tzinfo=UTC))

    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert made.int >> 80 == 1_678_491_543_074
    assert uuid7_of(datetime(2023, 3, 10, tzinfo=UTC)) != uuid7_of(datetime(2023, 3, 10, tzinfo=UTC))
