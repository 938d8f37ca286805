"""Exit 0 when the web process of this container answers /health/live, 1 otherwise. Standard library only."""

import http.client
import os
import sys

TIMEOUT = 4  # seconds; below the timeout of HEALTHCHECK, so that the reason is printed


def live_status(bind: str, host: str) -> int:
    """Return the status that /health/live answers on the port of `bind`, asked under the name `host`.

    :raises OSError: when nobody listens, or no answer comes in time.
    """
    connection = http.client.HTTPConnection("127.0.0.1", int(bind.rpartition(":")[2]), timeout=TIMEOUT)
    try:
        connection.request("GET", "/health/live", headers={"Host": host})
        return connection.getresponse().status
    finally:
        connection.close()


def allowed_host(hosts: str) -> str:
    """Return a name that the list ALLOWED_HOSTS lets in; Django answers 400 to any other."""
    return hosts.partition(",")[0].strip().lstrip(".") or "localhost"


if __name__ == "__main__":
    try:
        status = live_status(
            os.environ.get("GUNICORN_BIND", "127.0.0.1:8000"),
            allowed_host(os.environ.get("ALLOWED_HOSTS", "")),
        )
    except (OSError, http.client.HTTPException) as error:
        sys.exit(f"/health/live does not answer: {error}")
    if status != 200:
        sys.exit(f"/health/live answers {status}")
