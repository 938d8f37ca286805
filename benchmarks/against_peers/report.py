"""What was measured, as text: a table for each workload, and how many times as fast ours is."""

from collections.abc import Iterable, Mapping
from statistics import median

from benchmarks.against_peers.measuring import WORKLOADS, Measured
from benchmarks.against_peers.servers import OURS

Rounds = Mapping[str, list[Measured]]  # of each server, in the order of the rounds
HEAD = f"  {'':10} {'requests/s':>11} {'min':>8} {'max':>8}   {'p50 ms':>8} {'p99 ms':>8} {'KiB each':>9} {'MiB':>6}"


def describe(workload: str, rounds: Rounds) -> str:
    """Return the table of one workload."""
    lines = [f"{workload}: {WORKLOADS[workload]}", HEAD, *(_server(name, seen) for name, seen in rounds.items())]
    lines += [_ratio(name, rounds[OURS], seen) for name, seen in rounds.items() if OURS in rounds and name != OURS]
    return "\n".join(lines) + "\n"


def _server(name: str, seen: list[Measured]) -> str:
    least, middle, most = _spread(each.rate for each in seen)
    p50, p99 = median(each.p50 for each in seen), median(each.p99 for each in seen)
    answer, memory = seen[-1].answer / 1024, median(each.memory for each in seen)
    return f"  {name:10} {middle:11,.0f} {least:8,.0f} {most:8,.0f}   {p50:8.0f} {p99:8.0f} {answer:9.1f} {memory:6.0f}"


def _ratio(name: str, ours: list[Measured], theirs: list[Measured]) -> str:
    pairs = zip(ours, theirs, strict=True)
    least, middle, most = _spread(our.rate / their.rate for our, their in pairs)
    return f"  ours is {middle:.2f} times as fast as {name} (min {least:.2f}, max {most:.2f})"


def _spread(figures: Iterable[float]) -> tuple[float, float, float]:
    """Return the least, the median and the greatest."""
    ordered = sorted(figures)
    return ordered[0], median(ordered), ordered[-1]
