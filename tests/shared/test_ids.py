"""Time-ordered ids (RFC 9562, section 5.7)."""

import time
import uuid

from titanobova.ids import uuid7

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
