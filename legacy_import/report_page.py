"""The report as a page: one file with its charts in it, without a script and without anything from elsewhere."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.utils.html import escape

COUNTS = (
    ("created", "#2f6f4f"), ("updated", "#3b6ea5"), ("unchanged", "#9aa3ab"), ("merged", "#b08b2e"),
    ("rejected", "#b3423a"),
)  # fmt: skip
CHART, BAR, GAP, LABEL, FIGURE = 640, 22, 8, 120, 90  # pixels
STYLE = """body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:960px;padding:0 1rem;color:#1d2329}
table{border-collapse:collapse;width:100%;margin:.5rem 0 1.5rem}
th,td{padding:.3rem .6rem;border-bottom:1px solid #d9dee2;text-align:left;vertical-align:top;overflow-wrap:anywhere}
th{white-space:nowrap}
.n{text-align:right;font-variant-numeric:tabular-nums}h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem}
.key{display:inline-block;width:.8em;height:.8em;margin:0 .3em 0 1em}svg{max-width:100%}"""

Segment = tuple[float, str]  # its share of the chart's width, its colour


def as_page(report: dict[str, Any]) -> str:
    """Return the report, in the form in which runs store it, as HTML."""
    return f"<!doctype html><html lang=en><meta charset=utf-8><title>Import</title>{as_fragment(report)}</html>\n"


def as_fragment(report: dict[str, Any]) -> str:
    """Return the same to be put into another page."""
    return f"<style>{STYLE}</style>" + "\n".join(part for part in _parts(report) if part)


def _parts(report: dict[str, Any]) -> Iterator[str]:
    tables = report["tables"]
    yield f"<h1>Import of {escape(report['source'])}</h1><p>{escape(_verdict(report))}</p>"
    yield "".join(f"<p>Warning: {escape(warning)}</p>" for warning in report.get("warnings", []))
    yield "<h2>What became of the rows</h2>" + _legend() + _became(tables) + _numbers(tables)
    yield "<h2>Rows a second</h2>" + _rates(tables)
    yield from _lists(tables)
    yield _section("Read with", ["option", "value"], [[name, str(value)] for name, value in report["options"].items()])


def _verdict(report: dict[str, Any]) -> str:
    kind = "Dry run: nothing is stored. " if report["is_dry_run"] else ""
    if report["failure"]:
        return f"{kind}It stopped: {report['failure']}"
    balance = "Every row read is accounted for." if report["balances"] else "The rows read are not all accounted for!"
    return f"{kind}{balance} {report.get('seconds', 0):.1f} seconds."


def _legend() -> str:
    keys = [f'<span class=key style="background:{colour}"></span>{name}' for name, colour in COUNTS]
    return f"<p>{''.join(keys)}</p>"


def _became(tables: Sequence[dict[str, Any]]) -> str:
    """Draw a bar for each table, as long as its rows, in the colours of what they became."""
    most = max([1, *(table["read"] for table in tables)])
    return _chart([(table["table"], _segments(table, most), f"{table['read']:,}") for table in tables])


def _segments(table: dict[str, Any], most: int) -> list[Segment]:
    return [(table[name] / most, colour) for name, colour in COUNTS if table[name]]


def _rates(tables: Sequence[dict[str, Any]]) -> str:
    rates = [(table["table"], table["read"] / (table["seconds"] or 0.001)) for table in tables]
    most = max([1.0, *(rate for _, rate in rates)])
    return _chart([(name, [(rate / most, "#3b6ea5")], f"{rate:,.0f}") for name, rate in rates])


def _chart(bars: Sequence[tuple[str, list[Segment], str]]) -> str:
    height = len(bars) * (BAR + GAP)
    drawn = [_bar(number * (BAR + GAP), *bar) for number, bar in enumerate(bars)]
    return f'<svg role=img viewBox="0 0 {CHART} {height}" width="{CHART}" height="{height}">{"".join(drawn)}</svg>'


def _bar(top: int, name: str, segments: Sequence[Segment], figure: str) -> str:
    left, parts = float(LABEL), [f'<text x="0" y="{top + 16}" font-size="13">{escape(name[:18])}</text>']
    for share, colour in segments:
        width = share * (CHART - LABEL - FIGURE)
        parts.append(f'<rect x="{left:.1f}" y="{top}" width="{width:.1f}" height="{BAR}" fill="{colour}"/>')
        left += width
    return "".join([*parts, f'<text x="{left + 6:.1f}" y="{top + 16}" font-size="13">{figure}</text>'])


def _numbers(tables: Sequence[dict[str, Any]]) -> str:
    names = ("in_source", "read", *(name for name, _ in COUNTS), "seconds")
    rows = [[table["table"], *(f"{table[name]:,}" for name in names)] for table in tables]
    return _table(["table", *(name.replace("_", " ") for name in names)], rows, numbers=True)


def _lists(tables: Sequence[dict[str, Any]]) -> Iterator[str]:
    coerced = [[_where(table, one), one["note"], f"{one['count']:,}", one["sample"]]
               for table in tables for one in table["coerced"]]  # fmt: skip
    yield _section("Values brought into another form", ["field", "what was done", "rows", "for example"], coerced)
    refused = [[table["table"], *one] for table in tables for one in table["refusals"]]
    yield _section("Rejected rows, the first of each table", ["table", "old id", "reason"], refused)
    merged = [[table["table"], *one] for table in tables for one in table["merges"]]
    yield _section("Merged rows, the first of each table", ["table", "old id", "became"], merged)
    switches = [[table["table"], name, ", ".join(columns)]
                for table in tables for name, columns in table.get("switches", {}).items()]  # fmt: skip
    yield _section("Columns that may switch a row off", ["table", "field", "columns"], switches)
    left = [[table["table"], ", ".join(table["unused_columns"])] for table in tables if table["unused_columns"]]
    yield _section("Columns that were left alone", ["table", "columns"], left)


def _where(table: dict[str, Any], coerced: dict[str, Any]) -> str:
    return ".".join(part for part in (table["table"], coerced["field"]) if part)


def _section(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return f"<h2>{title}</h2>{_table(heads, rows)}" if rows else ""


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: bool = False) -> str:
    lines = [_line("th", heads, numbers=numbers), *(_line("td", row, numbers=numbers) for row in rows)]
    return f"<table>{''.join(lines)}</table>"


def _line(tag: str, cells: Sequence[str], *, numbers: bool) -> str:
    kinds = ["", *[" class=n" if numbers else ""] * (len(cells) - 1)]
    shown = [f"<{tag}{kind}>{escape(cell)}</{tag}>" for kind, cell in zip(kinds, cells, strict=True)]
    return f"<tr>{''.join(shown)}</tr>"
