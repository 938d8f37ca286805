"""What counting costs a request: `python -m benchmarks.watching [rounds]`.

One process answers the catalogue from its memory, as it does most of the time. Each round times the answers, and then
alone what they do for the figures of titanobova/metrics.py, in the time of the processor, so that what else runs on the
machine counts little. Answering by turns with and without figures showed nothing: the difference is smaller than the
noise between two turns. Needs PostgreSQL and Redis, as production does.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from wsgiref.util import setup_testing_defaults

from benchmarks.database import migrated_database
from benchmarks.server import PROJECT

REQUESTS = 200  # of each turn
FILL = "from benchmarks.against_peers.rows import fill; fill()"


def main() -> None:
    """Make a database, measure in a process of its own, and print."""
    rounds = sys.argv[1] if len(sys.argv) > 1 else "40"
    with tempfile.TemporaryDirectory() as folder, migrated_database(folder) as environment:
        figures = Path(folder, "metrics")
        figures.mkdir()
        environment |= {"PROMETHEUS_MULTIPROC_DIR": str(figures), "DJANGO_SETTINGS_MODULE": "titanobova.settings"}
        manage = [sys.executable, "manage.py", "shell", "--verbosity", "0", "-c", FILL]
        subprocess.run(manage, cwd=PROJECT, env=environment, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own words
        inside = [sys.executable, "-c", f"from benchmarks.watching import measure; measure({int(rounds)})"]
        subprocess.run(inside, cwd=PROJECT, env=environment, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own words


def measure(rounds: int) -> None:
    """Measure inside a process with the environment of production; print the share beside the log's lines."""
    from titanobova.metrics import note_request  # noqa: PLC0415 - the settings want the database made above
    from titanobova.queries import Tally, current_tally  # noqa: PLC0415
    from titanobova.wsgi import application  # noqa: PLC0415

    def count() -> None:
        tally = Tally()
        token = current_tally.set(tally)
        note_request("GET", "/api/v1/courses/courses/", 200, 0.001, tally)
        current_tally.reset(token)

    seconds_of(lambda: ask(application))
    pairs = [(seconds_of(lambda: ask(application)), seconds_of(count)) for _ in range(rounds)]
    answering, counting = (statistics.median(times) * 1e6 for times in zip(*pairs, strict=True))
    shares = sorted(count / answer for answer, count in pairs)
    print(f"an answer {answering:.0f} µs of the processor, its figures {counting:.1f} µs", file=sys.stderr)
    print(f"share {statistics.median(shares):.2%} (at most {shares[-1]:.2%} in {rounds} rounds)", file=sys.stderr)


def seconds_of(act: Callable[[], None]) -> float:
    """Return the seconds of the processor that `act` takes, of REQUESTS times."""
    begin = time.process_time()
    for _ in range(REQUESTS):
        act()
    return (time.process_time() - begin) / REQUESTS


def ask(application: Any) -> None:
    """Ask for the catalogue as gunicorn does."""
    statuses: list[str] = []
    environ: dict[str, Any] = {
        "PATH_INFO": "/api/v1/courses/courses/",
        "HTTP_HOST": os.environ["ALLOWED_HOSTS"].partition(",")[0],
        "HTTP_X_FORWARDED_PROTO": "https",
        "HTTP_X_FORWARDED_FOR": "192.0.2.1",
    }
    setup_testing_defaults(environ)
    answer = application(environ, lambda status, headers: statuses.append(status))
    assert b"".join(answer)  # noqa: S101
    answer.close()
    assert statuses == ["200 OK"], statuses  # noqa: S101


if __name__ == "__main__":
    main()
