"""`python -m benchmarks.import_speed [ROUNDS]`: our import and pgloader by turns, from MariaDB and from SQLite.

Beside them stands what PostgreSQL's own pg_restore takes, on one core and on two, to load the rows of our import when
they are finished: nothing that has to read, map and remember them as well can be faster.

Needs PostgreSQL and MariaDB here (benchmarks/database.py) and Debian's pgloader. Each run has a fresh database;
the one that begins changes from round to round. A ratio compares two runs of one round.
"""

import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks.import_speed.old_rows import USUAL, Size, drop_mariadb, fill_mariadb, fill_sqlite
from benchmarks.import_speed.running import Took, copy_with_pgloader, import_with_ours, restore_finished, target

DATABASE = "titanobova_bench_old"


class Round(NamedTuple):
    """One round: the first import, the same again, pgloader, and pg_restore with one job and with two."""

    first: Took
    again: Took
    pgloader: Took
    one_job: Took
    two_jobs: Took


def measure(ours: str, theirs: str, folder: str, *, ours_begins: bool) -> Round:
    """Run both once."""
    copied = None if ours_begins else copy_with_pgloader(theirs, f"{DATABASE}_copy")
    with target(folder) as environment:
        first, again = import_with_ours(ours, environment), import_with_ours(ours, environment)
        restored = [restore_finished(environment, folder, jobs=jobs) for jobs in (1, 2)]
    return Round(first, again, copied or copy_with_pgloader(theirs, f"{DATABASE}_copy"), *restored)


def tell(name: str, rounds: list[Round], size: Size) -> None:
    """Print figures as least, median and greatest."""
    print(f"{name}: {size.users:,} users, {size.contacts:,} contacts, {size.enrollments:,} enrolments")
    _line("first run, seconds", [one.first.seconds for one in rounds])
    _line("pgloader, seconds", [one.pgloader.seconds for one in rounds])
    _line("first run / pgloader", [one.first.seconds / one.pgloader.seconds for one in rounds])
    _line("pg_restore, seconds", [one.one_job.seconds for one in rounds])
    _line("first run / pg_restore", [one.first.seconds / one.one_job.seconds for one in rounds])
    _line("its 2 jobs / pgloader", [one.two_jobs.seconds / one.pgloader.seconds for one in rounds])
    _line("first run / rerun", [one.first.seconds / one.again.seconds for one in rounds])
    _line("memory, MiB", [one.first.memory for one in rounds])


def _line(what: str, figures: list[float]) -> None:
    print(f"  {what:<22} min {min(figures):.2f}  median {median(figures):.2f}  max {max(figures):.2f}", flush=True)


def main() -> None:
    """Measure both sources."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "old.sqlite3"
        fill_sqlite(file)
        fill_mariadb(DATABASE)
        server = f"mysql://root@127.0.0.1:3306/{DATABASE}"
        try:
            for name, ours, theirs in (("MariaDB", server, server), ("SQLite", str(file), f"sqlite://{file}")):
                turns = [measure(ours, theirs, folder, ours_begins=bool(turn % 2)) for turn in range(count)]
                tell(name, turns, USUAL)
        finally:
            drop_mariadb(DATABASE)


if __name__ == "__main__":
    main()
