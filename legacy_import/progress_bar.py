"""How far an import is: a bar on a terminal, a line now and then elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from legacy_import.report import TableReport

SECONDS_BETWEEN_LINES = 5

Progress = Callable[[TableReport], None]


def silent(_table: TableReport) -> None:
    """Tell nobody."""


@contextmanager
def shown() -> Iterator[Progress]:
    """Show on the error stream how far each table is, at which rate, and how long it will take."""
    if not sys.stderr.isatty():
        yield _Lines()
        return
    rate = TextColumn("{task.fields[rate]:>9,.0f} rows/s")
    with Bars(
        TextColumn("{task.description:<14}"), BarColumn(), MofNCompleteColumn(), rate, TimeRemainingColumn(),
        console=Console(stderr=True),
    ) as bars:  # fmt: skip
        yield _OnTerminal(bars)


class _OnTerminal:
    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._tasks: dict[str, tuple[object, float]] = {}

    def __call__(self, table: TableReport) -> None:
        if table.table not in self._tasks:
            task = self._bars.add_task(table.table, total=table.in_source, rate=0.0)
            self._tasks[table.table] = (task, time.monotonic())
        task_id, started = self._tasks[table.table]
        done = table.read + table.left_out
        rate = done / max(time.monotonic() - started, 0.001)
        self._bars.update(task_id, completed=done, rate=rate)  # type: ignore[arg-type]  # rich's TaskID


class _Lines:
    def __init__(self) -> None:
        self._started, self._last, self._table = time.monotonic(), time.monotonic(), ""

    def __call__(self, table: TableReport) -> None:
        now = time.monotonic()
        if table.table != self._table:
            self._table, self._started, self._last = table.table, now, now
        done = table.read + table.left_out
        if now - self._last < SECONDS_BETWEEN_LINES or not done:
            return
        self._last = now
        rate = done / max(now - self._started, 0.001)
        left = (table.in_source - done) / max(rate, 0.001)
        line = f"{table.table}: {done:,} of {table.in_source:,} rows, {rate:,.0f} a second, {left:,.0f} s left"
        print(line, file=sys.stderr, flush=True)
