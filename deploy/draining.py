"""gunicorn's worker, which leaves no connection behind when it stops, and refuses in JSON what it cannot read."""

import select
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

from deploy.refusing import RefusedClient


class DrainingWorker(ThreadWorker):  # gunicorn has no types
    """Takes what waits at the door before it closes it.

    A client is connected as soon as the kernel says so, before any process of ours has looked. gunicorn stops to
    look at SIGTERM, and whoever waits there then is cut off with a reset in the midst of its request.
    """

    is_told_to_stop = False

    def handle_exit(self, sig: int, frame: Any) -> None:
        """Remember that somebody stops the server; a worker that has served enough leaves the door to the others."""
        self.is_told_to_stop = True
        super().handle_exit(sig, frame)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        """Refuse a request that never reached Django in the shape of every refusal."""
        super().handle_error(req, RefusedClient(client), addr, exc)

    def set_accept_enabled(self, enabled: bool) -> None:
        """Begin or cease to accept; the last time, only once nobody waits any more.

        Then the socket is closed at once, not after the last answer: who comes now is refused, and a proxy sends it
        elsewhere. The arbiter has closed its own by then (SIGTERM), or keeps it for the next workers (SIGHUP).
        """
        super().set_accept_enabled(enabled)
        if not enabled and self.is_told_to_stop:
            for listener in self.sockets:
                for _ in range(self.cfg.backlog):  # more cannot have waited when it began
                    if not select.select([listener], [], [], 0)[0]:
                        break
                    self.accept(listener)
                listener.close()
