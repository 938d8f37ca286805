"""Draw deploy/grafana/dashboard.json as a Prometheus answers its queries, where there is no Grafana to photograph.

`python -m docs.draw_dashboard http://127.0.0.1:9090 --minutes 10` writes docs/pictures/dashboard.png, and names the
panels for which nothing was answered. It needs chromium.
"""

import argparse
import io
import json
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import floor, isfinite, log10
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen
from xml.sax.saxutils import escape

from PIL import Image

ROOT = Path(__file__).parents[1]
DASHBOARD = ROOT / "deploy" / "grafana" / "dashboard.json"
PICTURE = ROOT / "docs" / "pictures" / "dashboard.png"
COLUMN, ROW, GAP = 60, 26, 8  # pixels of a unit of the grid, and between panels
STEPS = 120  # points of a line
COLOURS = ("#3274d9", "#e0752d", "#37872d", "#a352cc", "#c4162a", "#8f6a00", "#1f9a9a", "#d6568c", "#5a6675", "#96b300")
STYLE = """
    text { font: 11px system-ui, sans-serif; fill: #1d2733; }
    .title { font-weight: 600; font-size: 13px; }
    .heading { font-weight: 600; font-size: 15px; }
    .axis { fill: #5a6675; font-size: 10px; }
    .panel { fill: #ffffff; stroke: #d5dbe1; }
    .grid { stroke: #e6eaee; }
"""
UNITS = {"s": " s", "reqps": " /s", "percentunit": " %", "short": ""}


@dataclass
class Line:
    """A series that was answered: its name in the legend, and its values by time."""

    name: str
    points: dict[float, float]


@dataclass
class Frame:
    """Where the lines of a panel go: pixels of the plot, the span of time and the highest value."""

    left: float
    top: float
    width: float
    height: float
    start: float
    end: float
    highest: float

    def place(self, moment: float, value: float) -> str:
        """Return a point as SVG wants it."""
        x = self.left + (moment - self.start) / (self.end - self.start) * self.width
        return f"{x:.1f},{self.top + self.height * (1 - value / self.highest):.1f}"


def ask(prometheus: str, panel: dict[str, Any], start: float, end: float, interval: str) -> list[Line]:
    """Return what Prometheus answers to the queries of a panel; what is no number (nothing by nothing) is left out."""
    lines = []
    for target in panel["targets"]:
        query = target["expr"].replace("$__rate_interval", interval)
        span = {"query": query, "start": start, "end": end, "step": (end - start) / STEPS}
        with urlopen(f"{prometheus}/api/v1/query_range?{urlencode(span)}", timeout=30) as answer:  # noqa: S310 - ours
            found = json.load(answer)["data"]["result"]
        for series in found:
            values = {moment: float(text) for moment, text in series["values"]}
            points = {moment: value for moment, value in values.items() if isfinite(value)}
            if points:
                lines.append(Line(_name(target["legendFormat"], series["metric"]), points))
    return sorted(lines, key=lambda line: -max(line.points.values()))


def _name(legend: str, labels: dict[str, str]) -> str:
    return re.sub(r"\{\{(\w+)\}\}", lambda found: labels.get(found[1], ""), legend)


def draw(panels: Sequence[dict[str, Any]], answers: dict[int, list[Line]], start: float, end: float) -> str:
    """Return the dashboard as SVG, each panel where its `gridPos` says."""
    height = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in panels) * ROW + GAP
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{24 * COLUMN}" height="{height}">',
            f'<style>{STYLE}</style><rect width="100%" height="100%" fill="#f2f4f6"/>',
            *(piece for panel in panels for piece in _panel(panel, answers.get(panel["id"]), start, end)),
            "</svg>",
        ]
    )


def _panel(panel: dict[str, Any], lines: list[Line] | None, start: float, end: float) -> Iterator[str]:
    x, y, w, h = (panel["gridPos"][side] for side in "xywh")
    left, top, width, height = x * COLUMN + GAP / 2, y * ROW + GAP / 2, w * COLUMN - GAP, h * ROW - GAP
    if lines is None:  # the heading of a row
        yield _text(left + 4, top + 17, panel["title"], "heading")
        return
    yield f'<rect class="panel" x="{left}" y="{top}" width="{width}" height="{height}" rx="3"/>'
    yield _text(left + 10, top + 18, panel["title"], "title")
    if not lines:
        yield _text(left + width / 2 - 20, top + height / 2, "no data", "axis")
        return
    defaults = panel["fieldConfig"]["defaults"]
    is_stacked = "stacking" in defaults["custom"]
    lines = _stacked(lines) if is_stacked else lines
    highest = _round_up(max(max(line.points.values()) for line in lines) or 1.0)
    frame = Frame(left + 58, top + 30, width - 72, height - 78, start, end, highest)
    yield from _axes(frame, defaults["unit"])
    for number, line in enumerate(lines):
        yield from _line(frame, line, COLOURS[number % len(COLOURS)], fills=is_stacked or len(lines) == 1)
    yield from _legend(lines, left + 12, top + height - 27, width - 20)


def _stacked(lines: list[Line]) -> list[Line]:
    """Return the lines one on top of the other, the uppermost first: its filling lies behind the others."""
    total: dict[float, float] = {moment: 0.0 for line in lines for moment in line.points}
    stacked = []
    for line in lines:
        total = {moment: below + line.points.get(moment, 0.0) for moment, below in total.items()}
        stacked.append(Line(line.name, dict(sorted(total.items()))))
    return stacked[::-1]


def _round_up(value: float) -> float:
    power: float = 10.0 ** floor(log10(value))
    return next(step * power for step in (1, 2, 4, 5, 10) if step * power >= value * 0.999)


def _axes(frame: Frame, unit: str) -> Iterator[str]:
    for part in (0.0, 0.5, 1.0):
        y = frame.top + frame.height * (1 - part)
        yield f'<line class="grid" x1="{frame.left}" x2="{frame.left + frame.width}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield _text(frame.left - 6, y + 3, _shown(frame.highest * part, unit), "axis", anchor="end")
    for part, anchor in ((0.0, "start"), (0.5, "middle"), (1.0, "end")):
        moment = datetime.fromtimestamp(frame.start + part * (frame.end - frame.start), UTC)
        words = f"{moment:%H:%M}"
        yield _text(frame.left + frame.width * part, frame.top + frame.height + 14, words, "axis", anchor=anchor)


def _shown(value: float, unit: str) -> str:
    if unit == "percentunit":
        value *= 100
    if unit == "s" and 0 < value < 1:
        return f"{value * 1000:g} ms"
    return f"{value / 1000:g} k{UNITS[unit]}" if value >= 10_000 else f"{value:g}{UNITS[unit]}"


def _line(frame: Frame, line: Line, colour: str, *, fills: bool) -> Iterator[str]:
    """Yield the line, broken where nothing was answered, perhaps with a filling down to the bottom."""
    gap = 1.5 * (frame.end - frame.start) / STEPS
    runs: list[list[tuple[float, float]]] = []
    for moment, value in sorted(line.points.items()):
        if not runs or moment - runs[-1][-1][0] > gap:
            runs.append([])
        runs[-1].append((moment, value))
    for run in runs:
        points = " ".join(frame.place(*point) for point in run)
        if fills:
            bottom = f"{frame.place(run[-1][0], 0)} {frame.place(run[0][0], 0)}"
            yield f'<polygon points="{points} {bottom}" fill="{colour}" fill-opacity="0.1"/>'
        shape = f'points="{points}" fill="none" stroke="{colour}" stroke-width="1.6" stroke-linejoin="round"'
        yield f"<polyline {shape}/>" if len(run) > 1 else f'<polyline {shape} stroke-linecap="round"/>'


def _legend(lines: Sequence[Line], left: float, top: float, width: float) -> Iterator[str]:
    """Yield the names in two rows, and how many there are besides."""
    x, y = left, top
    for number, line in enumerate(lines):
        name = line.name if len(line.name) <= 44 else f"{line.name[:43]}…"
        wide = 26 + 6.1 * len(name)
        if x + wide > left + width - 40:
            if y > top:
                yield _text(x + 6, y + 4, f"+ {len(lines) - number}", "axis")
                return
            x, y = left, top + 16
        yield f'<rect x="{x}" y="{y - 1}" width="12" height="3" fill="{COLOURS[number % len(COLOURS)]}"/>'
        yield _text(x + 16, y + 4, name, "name")
        x += wide


def _text(x: float, y: float, words: str, kind: str, *, anchor: str = "start") -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def photograph(svg: str) -> Image.Image:
    """Return the picture that chromium makes of an SVG."""
    width, height = (int(size) for size in re.findall(r'(?:width|height)="(\d+)"', svg)[:2])
    with tempfile.TemporaryDirectory() as folder:
        page, shot = Path(folder) / "page.html", Path(folder) / "shot.png"
        page.write_text(f'<!doctype html><meta charset="utf-8"><body style="margin:0">{svg}')
        options = ["--headless", "--no-sandbox", "--hide-scrollbars", f"--user-data-dir={folder}/profile"]
        size = [f"--window-size={width},{height}", f"--screenshot={shot}"]
        subprocess.run(["chromium", *options, *size, str(page)], check=True, capture_output=True, timeout=120)  # noqa: S603, S607 - our own page
        return Image.open(io.BytesIO(shot.read_bytes()))


def main() -> None:
    """Ask, draw, and say which panels stayed empty."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("prometheus", help="its address, such as http://127.0.0.1:9090")
    parser.add_argument("--minutes", type=float, default=60.0, help="until --end")
    parser.add_argument("--end", type=float, default=time.time(), help="as Unix time; now, if not said")
    parser.add_argument("--interval", default="1m", help="what stands for Grafana's $__rate_interval")
    given = parser.parse_args()
    start = given.end - 60 * given.minutes
    panels = json.loads(DASHBOARD.read_text())["panels"]
    answers = {
        panel["id"]: ask(given.prometheus, panel, start, given.end, given.interval)
        for panel in panels
        if panel["type"] != "row"
    }
    picture = photograph(draw(panels, answers, start, given.end))
    picture.convert("RGB").quantize(64).save(PICTURE, optimize=True)
    empty = [panel["title"] for panel in panels if answers.get(panel["id"]) == []]
    print(f"{PICTURE.name}: {PICTURE.stat().st_size // 1024} KiB; without data: {', '.join(empty) or 'none'}")


if __name__ == "__main__":
    main()
