"""Time-ordered ids (RFC 9562, section 5.7)."""

import time
import uuid
from datetime import UTC, datetime, timedelta

from titanobova.ids import first_at, id_after, id_before, uuid7

IDS = 10_000


def test_version_and_variant_are_those_of_the_standard() -> None:
    made = [uuid7() for _ in range(100)]

    assert {one.version for one in made} == {7}
    assert {one.variant for one in made} == {uuid.RFC_4122}


def test_the_first_48_bits_are_the_milliseconds_of_now() -> None:
    before = time.time_ns() // 1_000_000
    made = uuid7()
    after = time.time_ns() // 1_000_000

    assert before <= made.int >> 80 <= after


def test_ids_of_one_process_rise_as_numbers_and_as_texts() -> None:
    made = [uuid7() for _ in range(IDS)]

    assert made == sorted(made)
    assert [str(one) for one in made] == sorted(str(one) for one in made)


def test_no_id_comes_twice_and_the_rest_is_random() -> None:
    made = [uuid7() for _ in range(IDS)]

    assert len({one.int & (1 << 62) - 1 for one in made}) == IDS


def test_the_fraction_of_a_millisecond_fits_its_twelve_bits() -> None:
    fractions = [(uuid7().int >> 64) & 0xFFF for _ in range(IDS)]

    assert min(fractions) >= 0
    assert max(fractions) > 0xE00


def test_the_ids_around_an_instant_leave_room_for_a_clock_that_was_set() -> None:
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    apart = timedelta(hours=25)

    assert id_before(noon) <= first_at(noon - apart) < first_at(noon) < first_at(noon + apart) <= id_after(noon)


def test_the_first_and_the_last_instant_have_ids_around_them() -> None:
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)

    assert id_before(first) < uuid7() < id_after(last)
