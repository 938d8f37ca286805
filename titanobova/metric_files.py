"""The files in which gunicorn's processes count; gunicorn's own process, which runs no Django, looks after them.

prometheus_client keeps the files of a process that ended, for its requests were answered. A busy process is replaced
every few minutes (`max_requests`), and the files lie in memory (tmpfs): so what an ended process counted is added to
one file for all the ended, under a lock, and its own files go.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ENDED = "ended"  # in place of a process's number
ADDED_UP = ("counter", "histogram")


def folder_of_metrics() -> Path | None:
    """Return the folder that all processes count in; None where this process counts for itself."""
    named = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    return Path(named) if named else None


def start_anew(folder: Path) -> None:
    """Make the folder, and empty it of what an earlier start left behind."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for left_over in folder.glob("*.db"):
        left_over.unlink()


@contextmanager
def held(folder: Path, *, alone: bool) -> Iterator[None]:
    """Keep out whoever moves figures from file to file, or with `alone` also whoever reads them."""
    with (folder / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        try:
            yield
        finally:
            # Closing is not enough: a process forked meanwhile has the same open file, and would hold it until it ends.
            fcntl.flock(lock, fcntl.LOCK_UN)


def added_up() -> bytes:
    """Return what all processes have counted, in Prometheus' text format."""
    from prometheus_client import REGISTRY, CollectorRegistry, generate_latest  # noqa: PLC0415 - as below
    from prometheus_client.multiprocess import MultiProcessCollector  # noqa: PLC0415

    folder = folder_of_metrics()
    if folder is None:
        return generate_latest(REGISTRY)
    together = CollectorRegistry()
    MultiProcessCollector(together, str(folder))
    with held(folder, alone=False):
        return generate_latest(together)


def forget_process(folder: Path, number: int) -> None:
    """Keep what an ended process counted, without its files; its gauges go."""
    # Where the library is loaded before PROMETHEUS_MULTIPROC_DIR is set, every process would count for itself.
    from prometheus_client.multiprocess import mark_process_dead  # noqa: PLC0415

    with held(folder, alone=True):
        mark_process_dead(number, str(folder))
        for kind in ADDED_UP:
            own = folder / f"{kind}_{number}.db"
            if own.exists():
                _add(own, folder / f"{kind}_{ENDED}.db")
                own.unlink()


def forget_ended(folder: Path) -> None:
    """Keep what each process counted that is not there any more, without its files, as `forget_process` does.

    For who is not told of their end: celery's worker, in whose container other commands count too.
    """
    numbers = {path.stem.rpartition("_")[2] for path in folder.glob("*.db")}
    for number in (int(text) for text in numbers if text.isdecimal()):
        if not _is_there(number):
            forget_process(folder, number)


def _is_there(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _add(source: Path, target: Path) -> None:
    from prometheus_client.mmap_dict import MmapedDict  # noqa: PLC0415 - as above

    total = MmapedDict(str(target))
    try:
        for key, value, _, _ in MmapedDict.read_all_values_from_file(str(source)):
            total.write_value(key, total.read_value(key)[0] + value, 0.0)
    finally:
        total.close()
