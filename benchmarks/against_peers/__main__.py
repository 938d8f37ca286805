"""How fast this project serves beside its peers: `python -m benchmarks.against_peers` (make bench).

Express with SQL, Express with Sequelize and a stock DRF project answer the same requests from the same rows, each as
two processes. One server runs at a time, started anew for each measurement; which comes first changes from round to
round, and a ratio compares the measurements of one round. Needs PostgreSQL, Redis and Node with npm;
docs/performance.md says how to read the figures.
"""

import argparse
import json
import os
import signal
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.against_peers.answers import differences
from benchmarks.against_peers.measuring import WORKLOADS, Load, Measured, measure, read_once
from benchmarks.against_peers.report import describe
from benchmarks.against_peers.servers import COMMANDS, OURS, Stage, started
from benchmarks.database import migrated_database, run_on

FILL = "from benchmarks.against_peers.rows import fill; fill()"


def main() -> None:
    """Measure what the command line asks for, and print."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))  # so that servers and database go too
    options = read_options()
    load = Load(options.connections, options.seconds, options.warm_up)
    with tempfile.TemporaryDirectory() as folder, migrated_database(folder) as environment:
        stage = prepare(environment, Path(folder))
        figures = {workload: run_rounds(workload, options, load, stage) for workload in options.only}
    print(f"{os.cpu_count()} cores, {load.connections} connections, {options.rounds} rounds of {load.seconds} s\n")
    for workload, rounds in figures.items():
        print(describe(workload, rounds))


def read_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.against_peers")
    parser.add_argument("--only", type=_some_of(WORKLOADS), default=list(WORKLOADS), help="workloads, by commas")
    parser.add_argument("--peers", type=_some_of(COMMANDS), default=list(COMMANDS), help="servers, by commas")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=5, help="of each measurement")
    parser.add_argument("--warm-up", type=int, default=2, help="seconds before each measurement")
    parser.add_argument("--connections", type=int, default=32)
    return parser.parse_args()


def _some_of(known: Mapping[str, object]) -> Any:
    def read(text: str) -> list[str]:
        names = text.split(",")
        if unknown := set(names) - set(known):
            raise argparse.ArgumentTypeError(f"{', '.join(unknown)} is none of {', '.join(known)}")
        return names

    return read


def prepare(environment: dict[str, str], folder: Path) -> Stage:
    """Fill the database and return what the servers stand on."""
    printed = run_on(environment, "manage.py", "shell", "--verbosity", "0", "-c", FILL)
    rows = folder / "rows.json"
    rows.write_text(printed)
    return Stage(environment, json.loads(printed)["jwt_key"], rows)


def run_rounds(workload: str, options: argparse.Namespace, load: Load, stage: Stage) -> dict[str, list[Measured]]:
    """Measure each server once a round, in an order that moves on by one."""
    rounds: dict[str, list[Measured]] = {name: [] for name in options.peers}
    answers: dict[str, Any] = {}
    for number in range(options.rounds):
        place = number % len(options.peers)
        for name in options.peers[place:] + options.peers[:place]:
            with started(name, stage) as server:
                answers[name] = read_once(server, workload, stage)
                rounds[name].append(measure(server, workload, load, stage))
            print(f"{workload} {number + 1} {name} {rounds[name][-1].rate:,.0f}/s", file=sys.stderr, flush=True)
    _compare(workload, answers)
    return rounds


def _compare(workload: str, answers: dict[str, Any]) -> None:
    """Say where a peer answers something else than ours, for then it was measured at another task."""
    ours = answers.pop(OURS, None)
    for name, theirs in answers.items():
        if ours is not None and (places := differences(ours, theirs)):
            print(f"{workload}: {name} answers differently at {', '.join(places[:10])}")


if __name__ == "__main__":
    main()
