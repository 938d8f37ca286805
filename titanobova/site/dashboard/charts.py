"""Bars, as the theme's own component draws them (Chart.js), and the same in words for those who cannot see them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

MAIN, SECOND, GOOD, BAD, DULL = "var(--color-primary-600)", "#b08b2e", "#2f6f4f", "#b3423a", "#9aa3ab"
MOST_LABELS = 10  # below a chart

Figures = Sequence[float]


@dataclass(frozen=True)
class Chart:
    """One chart: `bars` is what Chart.js takes, as JSON."""

    caption: str
    bars: str


def by_day(caption: str, days: Sequence[date], **figures: tuple[str, Figures]) -> Chart:
    """Draw a bar for each day; `figures` are a colour and a number for each day, by their names, one on the other."""
    return stacked(caption, [f"{day:%d %b}" for day in days], figures)


def stacked(caption: str, labels: Sequence[str], figures: Mapping[str, tuple[str, Figures]]) -> Chart:
    """Draw bars of parts that lie one on the other."""
    shown = {"stack": "all", "displayYAxis": True, "maxTicksXLimit": MOST_LABELS}
    datasets = [
        {"label": name, "backgroundColor": colour, "data": list(numbers), **shown}
        for name, (colour, numbers) in figures.items()
    ]
    return Chart(caption, json.dumps({"labels": list(labels), "datasets": datasets}))
