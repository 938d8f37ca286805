"""The environment that tests start in; loaded before the settings (`-p tests.environment` in pyproject.toml).

No `.env` file of the developer's checkout is read. TEST_SERVICES=1 (make test-services) runs the same suite on
PostgreSQL and Redis, at the usual local ports or where the variables of SERVICE_NAMES say.
"""

import os
import shutil
import tempfile
from pathlib import Path

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
FOLDERS = Path(tempfile.gettempdir()) / f"titanobova-tests-{os.getuid()}"
FOLDER = FOLDERS / str(os.getpid())  # of this process alone: two runs at once do not read each other's logs
FOLDER.mkdir(parents=True, exist_ok=True)
for left_over in FOLDERS.iterdir():
    if not Path("/proc", left_over.name).exists():
        shutil.rmtree(left_over, ignore_errors=True)

SERVICE_NAMES = ("DB_HOST", "DB_PORT", "DB_USER", "DB_PASSWORD", "REDIS_HOST", "REDIS_PORT", "REDIS_PASSWORD")

given = {name: os.environ.pop(name) for name in SERVICE_NAMES if name in os.environ}
if os.environ.get("TEST_SERVICES") == "1":
    defaults = {"DB_HOST": "127.0.0.1", "DB_USER": "postgres", "REDIS_HOST": "127.0.0.1"}
    os.environ.update(defaults | given)
    # A Redis database for each worker, so that one's flush does not empty another's counters; most likely also for
    # each of two runs at once, whose workers have different parents.
    os.environ["REDIS_DB"] = str(1 + (2 * os.getppid() + int(WORKER.removeprefix("gw") or 0)) % 15)
os.environ.update(
    {
        "ENV_DIR": str(FOLDER),
        "LOG_DIR": str(FOLDER / "logs"),
        "MEDIA_ROOT": str(FOLDER / "media"),
        "LOGIN_REFUSAL_SECONDS": "0",
        "AUDIT_SEAL_SECONDS": "0",  # a test that seals does so itself
        "DEBUG": "True",
        "DB_POOL_SIZE": "36",  # the races run 32 threads, each with a connection
    }
)
