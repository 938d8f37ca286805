"""The picture of the state table in docs/payments.md shows the table, no more and no less."""

import re

from docs.draw_payment_states import PICTURE, draw
from payments.states import ARRIVED, MOVES, Status
from titanobova.env import BASE_DIR


def test_the_picture_is_up_to_date() -> None:
    assert PICTURE.read_text() == draw(), "python -m docs.draw_payment_states draws it anew"
    assert "](pictures/payment-states.svg)" in (BASE_DIR / "docs" / "payments.md").read_text()


def test_it_has_an_arrow_for_every_move_and_no_other() -> None:
    shown = set()
    for kind, start, end in re.findall(r'<path( class="both"| class="all"|) data-moves="(\w+) (\w+|\*)"', draw()):
        ends = ARRIVED if end == "*" else (Status(end),)
        shown |= {(Status(start), one) for one in ends}
        shown |= {(Status(end), Status(start))} if "both" in kind else set()

    assert shown == {(start, end) for start, moves in MOVES.items() for end in moves}


def test_every_status_is_in_it() -> None:
    assert all(f">{status.replace('_', ' ')}<" in draw() for status in Status)
