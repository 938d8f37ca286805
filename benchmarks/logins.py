"""How many passwords are checked in a second, and in how much memory: ours against Django's default parameters.

Sixteen threads check 64 passwords, as sixteen people who log in at once would have it, once with Argon2id as
titanobova sets it and behind its bounded hashing slots, once with Django's own Argon2 hasher and no bound. Each runs in
a process of its own, so that one's memory is not the other's. Run it by `make bench`.
"""

import json
import os
import resource
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from statistics import median

CHECKS, THREADS, ROUNDS = 64, 16, 3


def measure(kind: str) -> dict[str, float]:
    """Return checks a second and the growth of the process in MiB for one kind of hasher."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "titanobova.settings")
    from django.contrib.auth.hashers import Argon2PasswordHasher  # noqa: PLC0415 - needs the settings' name first

    from users.hashers import Argon2idHasher, hashing_slot  # noqa: PLC0415 - as above

    hasher = Argon2idHasher() if kind == "ours" else Argon2PasswordHasher()

    def slot() -> AbstractContextManager[None]:
        return hashing_slot() if kind == "ours" else nullcontext()

    encoded = hasher.encode("correct-horse-9", hasher.salt())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    def check(_: int) -> bool:
        with slot():
            return hasher.verify("correct-horse-9", encoded)

    started = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        assert all(pool.map(check, range(CHECKS)))  # noqa: S101 - a benchmark that measures nothing must stop
    seconds = time.perf_counter() - started
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return {"rate": CHECKS / seconds, "mebibytes": grown / 1024}


def in_process(kind: str) -> dict[str, float]:
    """Return measure(kind), measured in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.logins", kind]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - our own words
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def main() -> None:
    """Print both, in turn over several rounds, and the ratio."""
    rounds = [(in_process("ours"), in_process("django")) for _ in range(ROUNDS)]
    print(f"{CHECKS} password checks, {THREADS} at once, {os.cpu_count()} cores, {ROUNDS} rounds in turn\n")
    for name, place in (("titanobova", 0), ("Django's default", 1)):
        rates = sorted(each[place]["rate"] for each in rounds)
        memory = max(each[place]["mebibytes"] for each in rounds)
        print(f"  {name:18} {median(rates):6.1f}/s  (min {rates[0]:.1f}, max {rates[-1]:.1f})   +{memory:.0f} MiB")
    ratios = sorted(ours["rate"] / theirs["rate"] for ours, theirs in rounds)
    print(f"\n  ratio {median(ratios):.1f}  (min {ratios[0]:.1f}, max {ratios[-1]:.1f})")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(measure(sys.argv[1])))
    else:
        main()
