"""How long a refused login takes for each kind of account: nobody must be able to tell them apart by it.

Each kind is refused TRIES times through the whole stack (default 200, or the first argument), the kinds in turn, on a
SQLite file of its own. Prints the medians and the largest difference between two of them; 10 % is the promise.
"""

import logging
import os
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from statistics import median

TRIES = int(sys.argv[1]) if len(sys.argv) > 1 else 200
BCRYPT = "bcrypt_node$$2b$10$qLieUXy7ZTv/Ra2MKdxF7OhPLGSgV5Z4HCHz/Y058a5icos7l.FqG"


def main(folder: str) -> None:
    """Measure and print."""
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "titanobova.settings",
        "ENV_DIR": folder,
        "LOG_DIR": folder,
        "DB_NAME": str(Path(folder, "timing.sqlite3")),
        "RATE_LIMIT_ANON": "1000000/hour",
        "RATE_LIMIT_LOGIN": "1000000/hour",
        "LOG_LEVEL": "ERROR",
        "ALLOWED_HOSTS": "testserver",
    }
    import django  # noqa: PLC0415 - the environment comes first

    django.setup()
    logging.disable()
    from django.core.management import call_command  # noqa: PLC0415 - as above

    call_command("migrate", verbosity=0)
    emails = make_accounts()
    taken: dict[str, list[float]] = {kind: [] for kind in emails}
    for _ in range(TRIES):
        for kind, email in emails.items():
            taken[kind].append(refuse(email, locked=kind == "locked"))
    print_medians(taken)


def make_accounts() -> dict[str, str]:
    """Return an address for each kind of account that is refused."""
    from users.models import User  # noqa: PLC0415 - after django.setup()

    for kind in ("wrong", "inactive", "locked", "unusable", "imported"):
        User.objects.create_user(f"{kind}@example.com", None if kind == "unusable" else "correct-horse-9")
    User.objects.filter(email="inactive@example.com").update(is_active=False)
    User.objects.filter(email="imported@example.com").update(password=BCRYPT)
    return {kind: f"{kind}@example.com" for kind in ("wrong", "unknown", "inactive", "locked", "unusable", "imported")}


def refuse(email: str, *, locked: bool) -> float:
    """Return the milliseconds that one refusal took; the count of failures starts anew each time."""
    from django.utils import timezone  # noqa: PLC0415 - after django.setup()
    from rest_framework.test import APIClient  # noqa: PLC0415 - as above

    from users.models import UnknownAccount, User  # noqa: PLC0415 - as above

    lock = timezone.now() + timedelta(hours=1) if locked else None
    for model in (User, UnknownAccount):
        model._default_manager.update(failed_login_attempts=0, account_locked_until=lock)
    started = time.perf_counter()
    answer = APIClient().post("/api/v1/auth/token/", {"email": email, "password": "wrong-horse-9"})
    assert answer.status_code == 401  # noqa: S101 - a benchmark of something else must stop
    return (time.perf_counter() - started) * 1000


def print_medians(taken: dict[str, list[float]]) -> None:
    """Print the median of each kind, and how far the furthest two are apart."""
    print(f"{TRIES} refused logins of each kind, in turn\n")
    medians = {kind: median(times) for kind, times in taken.items()}
    for kind, milliseconds in medians.items():
        print(f"  {kind:10} {milliseconds:7.1f} ms")
    spread = max(medians.values()) / min(medians.values()) - 1
    print(f"\n  the furthest two differ by {spread:.1%}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        main(temporary)
