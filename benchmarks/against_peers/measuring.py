"""One measurement: a server, a workload, a load from outside."""

import json
import subprocess
import urllib.request
from dataclasses import dataclass
from typing import Any

from benchmarks.against_peers.servers import CATALOGUE, PEERS, Stage
from benchmarks.server import Served

WORKLOADS = {
    "catalogue": "a page of 25 of 1,000 courses",
    "detail": "one course with the titles of its ten lessons, 100 in turn",
    "profile": "who is asking, by bearer token, 50 people in turn",
    "contact": "a message of the contact form",
}


@dataclass(frozen=True)
class Load:
    """How much is sent, and for how long (seconds)."""

    connections: int
    seconds: int
    warm_up: int


@dataclass(frozen=True)
class Measured:
    """What a server did: answers a second, milliseconds, bytes an answer, MiB of its processes after the load."""

    rate: float
    p50: float
    p99: float
    answer: float
    memory: float


class LoadRefused(Exception):
    """A server did not answer everything with success; how fast it did so says nothing."""


def measure(server: Served, workload: str, load: Load, stage: Stage) -> Measured:
    """Send a workload to a server and return what it did.

    :raises LoadRefused: when anything went wrong.
    """
    options = {
        "url": server.url,
        "workload": workload,
        "rows": str(stage.rows),
        "connections": str(load.connections),
        "seconds": str(load.seconds),
        "warm-up": str(load.warm_up),
    }
    command = ["node", str(PEERS / "load.mjs"), *(f"--{name}={value}" for name, value in options.items())]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603 - our own words
    seen = json.loads(done.stdout)
    if seen["errors"] or seen["non2xx"] or not seen["answers"]:
        raise LoadRefused(f"{workload} from {server.url}: {seen}")
    answer = seen["bytes"] / seen["answers"]
    return Measured(seen["rate"], seen["p50"], seen["p99"], answer, server.resident_mebibytes)


def read_once(server: Served, workload: str, stage: Stage) -> Any:
    """Return the JSON that a server answers to a workload's first request; None where that would write."""
    rows = json.loads(stage.rows.read_text())
    paths = {
        "catalogue": CATALOGUE,
        "detail": f"{CATALOGUE}{rows['slugs'][0]}/",
        "profile": "/api/v1/users/profile/",
    }
    if workload not in paths:
        return None
    bearer = {"Authorization": f"Bearer {rows['tokens'][0]}"}
    request = urllib.request.Request(server.url + paths[workload], headers=bearer)  # noqa: S310 - our own server on loopback
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - as above
        return json.load(answer)
