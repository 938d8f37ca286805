"""Run the sandbox: `python -m examples.stripe_sandbox --port 12111`."""

import argparse
import threading
from contextlib import suppress

from examples.stripe_sandbox.api import DEFAULT_KEY
from examples.stripe_sandbox.sandbox import StripeSandbox


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m examples.stripe_sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="127.0.0.1 or ::1; nothing else is accepted")
    parser.add_argument("--port", type=int, default=12111)
    parser.add_argument("--key", default=DEFAULT_KEY, help="the API key to accept, sk_test_...")
    parser.add_argument("--webhook-url", help="where to send events, http:// on this machine")
    parser.add_argument("--webhook-secret", default="", help="signs the events; made up if you give none")
    parser.add_argument("--retry-seconds", type=float, default=30, help="how long to retry events; 0 tries once")
    chosen = parser.parse_args()
    try:
        sandbox = StripeSandbox(
            host=chosen.host,
            port=chosen.port,
            key=chosen.key,
            webhook_secret=chosen.webhook_secret,
            retry_seconds=chosen.retry_seconds,
        )
        sandbox.set_webhook(chosen.webhook_url)
    except (OSError, ValueError) as refused:
        parser.error(str(refused))
    with suppress(KeyboardInterrupt), sandbox:
        print(f"STRIPE_API_BASE={sandbox.url}", f"STRIPE_SECRET_KEY={sandbox.key}", sep="\n")
        print(f"STRIPE_WEBHOOK_SECRET={sandbox.webhook_secret}", flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
