"""The sandbox as a thing to start and stop, and to look into from tests in the same process."""

import copy
import threading
from types import TracebackType
from typing import Self

from examples.stripe_sandbox.answers import Json
from examples.stripe_sandbox.api import DEFAULT_KEY
from examples.stripe_sandbox.server import SandboxServer
from examples.stripe_sandbox.webhooks import signed
from examples.stripe_sandbox.world import StripeWorld


class StripeSandbox(StripeWorld):
    """A running stand-in for Stripe: `with StripeSandbox() as sandbox: ... sandbox.url ...`.

    :raises ValueError: for a host that is not loopback or a key that is not a test key
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        key: str = DEFAULT_KEY,
        webhook_secret: str = "",
        retry_seconds: float = 0.0,
    ) -> None:
        super().__init__(key, webhook_secret, retry_seconds)
        self._server = SandboxServer(self, host, port)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="stripe-sandbox")
        bound = f"[{host}]" if ":" in host else host
        self.url = f"http://{bound}:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self.webhooks.start()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self.webhooks.stop()

    @property
    def payment_intents(self) -> list[Json]:
        """Copies of all intents, oldest first."""
        with self.lock:
            return copy.deepcopy(list(self.intents.rows.values()))

    @property
    def events(self) -> list[Json]:
        """Copies of all events, oldest first."""
        with self.lock:
            return copy.deepcopy(self.webhooks.events)

    def signed(self, event: Json, at: int | None = None) -> tuple[bytes, dict[str, str]]:
        """Return the body and headers with which Stripe would send this event (at this Unix time, or now)."""
        return signed(event, self.webhook_secret, at, self.former_secrets)
