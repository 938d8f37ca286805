"""The ledger is a set: what follows from it does not depend on who told what first, or how often."""

from collections.abc import Sequence
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.ledger import Fact, Kind, position_of
from payments.states import MOVES, Status

WHOLE, PART = Decimal(100), Decimal(40)
PAID = Fact(Kind.CAPTURED, WHOLE)


def of(kind: Kind, reference: str, amount: Decimal = WHOLE) -> Fact:
    return Fact(kind, amount, reference)


single = st.sampled_from([Kind.CREATED, Kind.REQUIRES_ACTION, Kind.PROCESSING, Kind.CANCELED, Kind.SEAT_LOST])
amounts = st.sampled_from([PART, Decimal(60), WHOLE])
declines = st.builds(of, st.just(Kind.FAILED), st.sampled_from("abc"), st.just(Decimal(0)))
refunds = st.builds(of, st.sampled_from([Kind.REFUNDED, Kind.REFUND_FAILED]), st.sampled_from("rst"), amounts)
disputes = st.builds(
    of,
    st.sampled_from([Kind.DISPUTE_OPENED, Kind.DISPUTE_WON, Kind.DISPUTE_LOST]),
    st.sampled_from("xyz"),
    amounts,
)
facts = st.lists(
    st.one_of(st.builds(Fact, single), st.just(PAID), declines, refunds, disputes),
    max_size=12,
    unique_by=lambda fact: fact.key,
)

CASES: list[tuple[str, Sequence[Fact], Status, tuple[int, int, int], bool]] = [
    ("nothing is known", [], Status.CREATED, (0, 0, 0), False),
    ("the furthest counts", [Fact(Kind.CANCELED), Fact(Kind.PROCESSING)], Status.CANCELED, (0, 0, 0), False),
    ("a decline", [Fact(Kind.REQUIRES_ACTION), of(Kind.FAILED, "a")], Status.FAILED, (0, 0, 0), False),
    ("money after a cancellation", [Fact(Kind.CANCELED), PAID], Status.SUCCEEDED, (0, 0, 100), True),
    ("a part went back", [PAID, of(Kind.REFUNDED, "r", PART)], Status.PARTIALLY_REFUNDED, (40, 0, 60), True),
    (
        "all of it in parts",
        [PAID, of(Kind.REFUNDED, "r", PART), of(Kind.REFUNDED, "s", Decimal(60))],
        Status.REFUNDED,
        (100, 0, 0),
        False,
    ),
    (
        "a refund that failed",
        [PAID, of(Kind.REFUND_FAILED, "r"), of(Kind.REFUNDED, "r")],
        Status.SUCCEEDED,
        (0, 0, 100),
        True,
    ),
    ("a refund before the money is known", [of(Kind.REFUNDED, "r")], Status.CREATED, (0, 0, 0), False),
    (
        "of two sums of an open dispute the larger",
        [PAID, of(Kind.DISPUTE_OPENED, "x", PART), of(Kind.DISPUTE_OPENED, "x", Decimal(60)).raised(6000)],
        Status.DISPUTED,
        (0, 60, 40),
        True,
    ),
    (
        "a dispute that was won, whatever it named",
        [
            PAID,
            of(Kind.DISPUTE_OPENED, "x", PART),
            of(Kind.DISPUTE_OPENED, "x").raised(10000),
            of(Kind.DISPUTE_WON, "x"),
        ],
        Status.SUCCEEDED,
        (0, 0, 100),
        True,
    ),
    ("an open dispute keeps access", [PAID, of(Kind.DISPUTE_OPENED, "x")], Status.DISPUTED, (0, 100, 0), True),
    (
        "a dispute that was won",
        [PAID, of(Kind.DISPUTE_OPENED, "x"), of(Kind.DISPUTE_WON, "x")],
        Status.SUCCEEDED,
        (0, 0, 100),
        True,
    ),
    ("a lost dispute", [PAID, of(Kind.DISPUTE_LOST, "x", PART)], Status.DISPUTED, (0, 40, 60), False),
    (
        "a dispute over what went back already",
        [PAID, of(Kind.REFUNDED, "r", PART), of(Kind.DISPUTE_OPENED, "x")],
        Status.DISPUTED,
        (40, 100, -40),
        True,
    ),
    ("no seat was left", [PAID, Fact(Kind.SEAT_LOST)], Status.SUCCEEDED, (0, 0, 100), False),
]


@pytest.mark.parametrize(
    ("known", "status", "money", "opens"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_where_a_payment_stands(
    known: Sequence[Fact], status: Status, money: tuple[int, int, int], opens: bool
) -> None:
    position = position_of(known)

    assert (position.status, position.opens_access) == (status, opens)
    assert (position.refunded, position.disputed, position.balance) == tuple(map(Decimal, money))


@given(facts, st.randoms(use_true_random=False))
def test_neither_order_nor_repetition_makes_a_difference(known: list[Fact], random: Random) -> None:
    told = [*known, *known[: len(known) // 2]]
    random.shuffle(told)

    assert position_of(told) == position_of(known)


@given(facts)
def test_the_balance_is_what_is_left_of_what_came(known: list[Fact]) -> None:
    position = position_of(known)

    assert position.balance == position.captured - position.refunded - position.disputed
    assert position.captured in {0, WHOLE}
    assert position.captured or not (position.refunded or position.disputed or position.opens_access)


@given(facts, facts)
def test_whatever_becomes_known_next_a_written_move_leads_there(known: list[Fact], more: list[Fact]) -> None:
    before, after = position_of(known).status, position_of([*more, *known]).status

    assert after == before or after in MOVES[before]


def test_the_table_of_moves_never_makes_money_that_came_money_that_did_not() -> None:
    arrived = {Status.SUCCEEDED, Status.PARTIALLY_REFUNDED, Status.REFUNDED, Status.DISPUTED}

    assert set(MOVES) == set(Status)
    assert all(MOVES[status] <= arrived for status in {*arrived, Status.CANCELED})
