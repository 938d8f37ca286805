"""How many people log in in a second, and in how much memory.

First the whole login, over HTTP: sixteen clients log in 64 times at a server with sixteen threads. Then the hashing
alone, against Django's default parameters without a bound, in a process each, so that one's memory is not the other's.
Run it by `make bench`.
"""

import json
import os
import resource
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from statistics import median

from benchmarks.server import Served, serve

CHECKS, CLIENTS, ROUNDS = 64, 16, 3
PASSWORD = "correct-horse-9"  # noqa: S105 - of accounts that end with the benchmark
ACCOUNTS = f"""
from users.models import User
for number in range({CLIENTS}):
    User.objects.create_user(f"person{{number}}@example.com", "{PASSWORD}")
"""


def log_in_over_http() -> None:
    """Print logins a second and the growth of the server's memory, over several rounds on one server."""
    limits = {"RATE_LIMIT_ANON": "1000000/hour", "RATE_LIMIT_LOGIN": "1000000/hour"}
    with serve(limits, threads=CLIENTS) as server:
        server.manage("shell", "--verbosity", "0", "-c", ACCOUNTS)
        _log_in(server, 0)
        before = server.resident_mebibytes
        rates = sorted(_logins_a_second(server) for _ in range(ROUNDS))
        grown = server.resident_mebibytes - before
    print(f"{CHECKS} logins over HTTP, {CLIENTS} at once, {os.cpu_count()} cores, {ROUNDS} rounds\n")
    print(f"  {median(rates):.1f}/s  (min {rates[0]:.1f}, max {rates[-1]:.1f})   +{grown:.0f} MiB\n")


def _logins_a_second(server: Served) -> float:
    started = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as clients:
        list(clients.map(lambda number: _log_in(server, number % CLIENTS), range(CHECKS)))
    return CHECKS / (time.perf_counter() - started)


def _log_in(server: Served, person: int) -> None:
    body = json.dumps({"email": f"person{person}@example.com", "password": PASSWORD}).encode()
    request = urllib.request.Request(  # noqa: S310 - our own server on loopback
        f"{server.url}/api/v1/auth/token/", body, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - as above
        assert answer.status == 200  # noqa: S101 - a benchmark of something else must stop


def hash_alone(kind: str) -> dict[str, float]:
    """Return checks a second and the growth of this process in MiB for one kind of hasher."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "titanobova.settings")
    from django.contrib.auth.hashers import Argon2PasswordHasher  # noqa: PLC0415 - needs the settings' name first

    from users import hashers  # noqa: PLC0415 - as above

    stock = Argon2PasswordHasher()
    encoded = hashers.hash_password(PASSWORD) if kind == "ours" else stock.encode(PASSWORD, stock.salt())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    def check(_: int) -> bool:
        return hashers.verify(PASSWORD, encoded)[0] if kind == "ours" else stock.verify(PASSWORD, encoded)

    started = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        assert all(pool.map(check, range(CHECKS)))  # noqa: S101 - as above
    seconds = time.perf_counter() - started
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return {"rate": CHECKS / seconds, "mebibytes": grown / 1024}


def in_process(kind: str) -> dict[str, float]:
    """Return hash_alone(kind), measured in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.logins", kind]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - our own words
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def compare_hashing() -> None:
    """Print both kinds, in turn over several rounds, and the ratio."""
    rounds = [(in_process("ours"), in_process("django")) for _ in range(ROUNDS)]
    print(f"{CHECKS} password checks, {CLIENTS} at once, {ROUNDS} rounds in turn\n")
    for name, place in (("titanobova", 0), ("Django's default", 1)):
        rates = sorted(each[place]["rate"] for each in rounds)
        memory = max(each[place]["mebibytes"] for each in rounds)
        print(f"  {name:18} {median(rates):6.1f}/s  (min {rates[0]:.1f}, max {rates[-1]:.1f})   +{memory:.0f} MiB")
    ratios = sorted(ours["rate"] / theirs["rate"] for ours, theirs in rounds)
    print(f"\n  ratio {median(ratios):.1f}  (min {ratios[0]:.1f}, max {ratios[-1]:.1f})")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(hash_alone(sys.argv[1])))
    else:
        log_in_over_http()
        compare_hashing()
