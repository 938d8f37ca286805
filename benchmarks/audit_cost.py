"""What it costs to record a change: `python -m benchmarks.audit_cost` (PostgreSQL), `--sqlite` for a file.

A change, here an insert by the ORM, is made in three ways in turn: alone; with a bare insert by the ORM beside it,
each committed alone, which is the least that any log costs; and with its row of the audit log in one transaction. What
counts is the ratio of the third to the second within a round. Fails when its median is over MOST.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from benchmarks.database import migrated_database, production, run_on

ROUNDS, CHANGES, MOST = 9, 100, 2.0
MEASURE = "from benchmarks.audit_cost import measure; measure()"


def main() -> int:
    """Return the exit code: 1 when recording costs too much."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.audit_cost")
    parser.add_argument("--sqlite", action="store_true")
    with tempfile.TemporaryDirectory() as folder:
        if parser.parse_args().sqlite:
            database = str(Path(folder, "cost.sqlite3"))
            embedded = {"DB_HOST": "", "DB_NAME": database, "REDIS_HOST": "", "AUDIT_SEAL_SECONDS": "0"}
            environment = production(database, folder) | embedded
            run_on(environment, "manage.py", "migrate", "--verbosity", "0")
            return report(environment)
        with migrated_database(folder) as environment:
            return report(environment)


def report(environment: dict[str, str]) -> int:
    """Measure in a process of its own, print, and return the exit code."""
    printed = run_on(environment, "manage.py", "shell", "--verbosity", "0", "-c", MEASURE)
    sys.stdout.write(printed)
    return int(float(printed.split()[-1]) > MOST)


def measure() -> None:
    """Print milliseconds and ratios; the last word is the median of the ratios."""
    from django.db import transaction  # noqa: PLC0415 - Django is set up in this process alone

    from audit.actor import Actor  # noqa: PLC0415 - as above
    from audit.services import record  # noqa: PLC0415 - as above
    from users.models import LoginAttempt  # noqa: PLC0415 - as above

    by = Actor(ip_address="192.0.2.1", user_agent="Mozilla/5.0 (X11; Linux x86_64)", request_id="0" * 32)

    def change() -> LoginAttempt:
        return LoginAttempt.objects.create(email="ada@example.com", outcome="wrong", ip_address="192.0.2.1")

    def change_beside_an_insert() -> None:
        change()
        LoginAttempt.objects.create(email="ada@example.com", outcome="wrong", ip_address="192.0.2.1")

    def audited_change() -> None:
        with transaction.atomic():
            record("create", "benchmark", by=by, on=change(), details={"fields": {"a": {"from": "1", "to": "2"}}})

    ways = (change, change_beside_an_insert, audited_change)
    warm = [timed(way) for way in ways]
    rounds = [[timed(way) for way in ways] for _ in range(ROUNDS)]
    names = ("alone", "beside a bare insert", "with its audit row")
    for name, taken in zip(names, zip(*rounds, strict=True), strict=True):
        print(f"{name:22}{median(taken):6.2f} ms")
    print(f"audited to alone: {median(taken[2] / taken[0] for taken in rounds):.2f} (warming up: {max(warm):.2f} ms)")
    ratios = sorted(taken[2] / taken[1] for taken in rounds)
    print(f"audited to beside a bare insert: {ratios[0]:.2f} to {ratios[-1]:.2f}, in the median {median(ratios):.2f}")


def timed(call: Callable[[], object]) -> float:
    """Return the milliseconds of one call, in the mean of CHANGES."""
    started = time.perf_counter()
    for _ in range(CHANGES):
        call()
    return (time.perf_counter() - started) * 1000 / CHANGES


if __name__ == "__main__":
    sys.exit(main())
