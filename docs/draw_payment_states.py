"""Draw payments/states.py: `python -m docs.draw_payment_states` writes docs/pictures/payment-states.svg."""

from collections.abc import Iterator
from math import hypot
from pathlib import Path

from payments.states import ARRIVED, MOVES, Status

PICTURE = Path(__file__).parent / "pictures" / "payment-states.svg"
WIDTH, HEIGHT = 860, 620
BOX = (150, 44)
BEFORE = [status for status in Status if status not in ARRIVED]
PLACES = {
    **{status: (250.0, 60.0 + 120 * row) for row, status in enumerate(BEFORE)},
    **{status: (560.0 + 190 * (index % 2), 210.0 + 200 * (index // 2)) for index, status in enumerate(ARRIVED)},
}
FRAME = (470.0, 150.0, 370.0, 320.0)  # around the statuses of money that arrived
STYLE = """
    rect { fill: #ffffff; stroke: #1d2733; stroke-width: 1.5; }
    .frame { fill: #f2f7f4; stroke: #15703c; stroke-dasharray: 6 4; }
    text { font: 15px system-ui, sans-serif; fill: #1d2733; text-anchor: middle; }
    .label { fill: #15703c; }
    path { fill: none; stroke: #5a6675; stroke-width: 1.4; marker-end: url(#tip); }
    .both { marker-start: url(#tip); }
    .all { stroke: #15703c; }
    marker path { fill: #5a6675; stroke: none; marker-end: none; }
"""
TIP = (
    '<marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" '
    'orient="auto-start-reverse"><path d="M0 1 L9 5 L0 9 Z"/></marker>'
)


def draw() -> str:
    """Return the picture as SVG: an arrow for every move that the table has, and no other."""
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
            "<title>The statuses of a payment and the moves between them</title>",
            f"<style>{STYLE}</style>",
            f"<defs>{TIP}</defs>",
            f'<rect width="{WIDTH}" height="{HEIGHT}" style="stroke: none"/>',
            _rect(*FRAME, kind="frame"),
            _text(FRAME[0] + FRAME[2] / 2, FRAME[1] + 26, "the money arrived", kind="label"),
            *_arrows(),
            *(_box(status) for status in Status),
            "</svg>\n",
        ]
    )


def _arrows() -> Iterator[str]:
    """Yield an arrow for each move; one to all statuses behind the money ends at their frame, one both ways is one."""
    for start, moves in MOVES.items():
        singly = sorted(moves, key=list(Status).index)
        if start not in ARRIVED and moves.issuperset(ARRIVED):
            yield _to_frame(start)
            singly = [end for end in singly if end not in ARRIVED]
        for end in singly:
            is_both = start in MOVES[end]
            if not is_both or list(Status).index(start) < list(Status).index(end):
                yield _arrow(start, end, is_both=is_both)


def _to_frame(start: Status) -> str:
    x, y = PLACES[start]
    left, top, _, height = FRAME
    at = min(max(y, top + 24), top + height - 24)
    return f'<path class="all" data-moves="{start} *" d="M{x + BOX[0] / 2:.0f} {y:.0f} L{left:.0f} {at:.0f}"/>'


def _arrow(start: Status, end: Status, *, is_both: bool) -> str:
    """Return a straight arrow, or one that goes round the boxes between two of the same column."""
    kind = ' class="both"' if is_both else ""
    (x, y), (to_x, to_y) = PLACES[start], PLACES[end]
    steps = abs(BEFORE.index(start) - BEFORE.index(end)) if {start, end} <= set(BEFORE) else 1
    if steps > 1:
        left, bow = x - BOX[0] / 2, x - BOX[0] / 2 - 44 * steps
        line = f"M{left:.0f} {y:.0f} C{bow:.0f} {y:.0f} {bow:.0f} {to_y:.0f} {left:.0f} {to_y:.0f}"
    else:
        line = "M{:.0f} {:.0f} L{:.0f} {:.0f}".format(*_edge(x, y, to_x, to_y), *_edge(to_x, to_y, x, y))
    return f'<path{kind} data-moves="{start} {end}" d="{line}"/>'


def _edge(x: float, y: float, to_x: float, to_y: float) -> tuple[float, float]:
    """Return where the line from the middle of a box to another point leaves the box."""
    across, down = to_x - x, to_y - y
    part = min(BOX[0] / 2 / abs(across) if across else 1, BOX[1] / 2 / abs(down) if down else 1)
    gap = 2 / hypot(across, down)
    return x + across * (part + gap), y + down * (part + gap)


def _box(status: Status) -> str:
    x, y = PLACES[status]
    return _rect(x - BOX[0] / 2, y - BOX[1] / 2, *BOX) + _text(x, y + 5, status.replace("_", " "))


def _rect(x: float, y: float, width: float, height: float, *, kind: str = "box") -> str:
    return f'<rect class="{kind}" x="{x:.0f}" y="{y:.0f}" width="{width:.0f}" height="{height:.0f}" rx="8"/>'


def _text(x: float, y: float, words: str, *, kind: str = "name") -> str:
    return f'<text class="{kind}" x="{x:.0f}" y="{y:.0f}">{words}</text>'


if __name__ == "__main__":
    PICTURE.write_text(draw())
