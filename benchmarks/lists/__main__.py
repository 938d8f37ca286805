"""How long each list takes over many rows: `python -m benchmarks.lists`.

Every page that lists, filters or searches in the API and in the admin is asked for as staff, within one process. Prints
its queries and its milliseconds (median, and the 95th of a hundred), and fails where there are more than 15 queries or
200 ms. Makes the database of benchmarks.many_rows for itself, or takes one that is there (`--database NAME`).
"""

import argparse
import subprocess
import sys
import tempfile

from benchmarks.database import migrated_database, production, run_on
from benchmarks.many_rows import FILL
from benchmarks.server import PROJECT

MEASURE = "from benchmarks.lists.measuring import main; main()"
# The limits and the cache are those of one process, so that emptying the cache empties nobody else's.
OWN_PROCESS = {"REDIS_HOST": "", "PYTHONUNBUFFERED": "1", "PYTHONWARNINGS": "ignore:No directory at"}


def main() -> int:
    """Return the exit code: 1 when a page is too slow."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lists")
    parser.add_argument("--database", help="one that benchmarks.many_rows has made; it stays")
    parser.add_argument("--only", default="", help="the pages whose address holds this")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if options.database:
            return measure(production(options.database, folder), options.only)
        with migrated_database(folder) as environment:
            run_on(environment, "manage.py", "shell", "--verbosity", "0", "-c", FILL)
            return measure(environment, options.only)


def measure(environment: dict[str, str], only: str) -> int:
    """Ask for all pages in a process of their own; return its exit code."""
    command = [sys.executable, "manage.py", "shell", "--verbosity", "0", "-c", MEASURE]
    own = {**environment, **OWN_PROCESS, "ONLY": only}
    return subprocess.run(command, cwd=PROJECT, env=own, check=False).returncode  # noqa: S603 - our own words


if __name__ == "__main__":
    sys.exit(main())
