"""A way to a server that breaks: it is reset, or it goes silent, behind so many bytes of the server's answers."""

import socket
import struct
import threading
from contextlib import suppress
from typing import Self

RESET = struct.pack("ii", 1, 0)  # SO_LINGER: closing sends a reset and throws away what is not sent yet
UNSENT = 65_536  # bytes that may wait in a socket; what a reset throws away is no more than that
PIECE = 65_536
NO_END = 1 << 60


class BreakingLink:
    """Takes any number of connections at a port of its own, each of which breaks by itself.

    `after` is in bytes of one connection; None never breaks. `most` is what the busiest connection has passed.
    """

    def __init__(self, host: str, port: int, *, after: int | None, is_silent: bool = False) -> None:
        self.server, self.after, self.is_silent = (host, port), NO_END if after is None else after, is_silent
        self.most = 0
        self._over = threading.Event()
        self._workers: list[threading.Thread] = []
        self._front = socket.create_server(("127.0.0.1", 0))

    @classmethod
    def to(cls, address: str, *, after: int | None, is_silent: bool = False) -> Self:
        """Lead to the server that the address of an old database names."""
        host, _, port = address.rpartition("@")[2].partition("/")[0].partition(":")
        return cls(host, int(port), after=after, is_silent=is_silent)

    def around(self, address: str) -> str:
        """Return the address of the same database through this link."""
        host, port = self.server
        return address.replace(f"@{host}:{port}/", f"@127.0.0.1:{self._front.getsockname()[1]}/")

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        with suppress(OSError):
            self._front.shutdown(socket.SHUT_RDWR)
        self._front.close()
        for worker in self._workers:
            worker.join(10)

    def _start(self, work: object, *arguments: object) -> None:
        worker = threading.Thread(target=work, args=arguments, daemon=True)  # type: ignore[arg-type]  # a method
        self._workers.append(worker)
        worker.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._front.accept()
                client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, UNSENT)
                self._start(self._relay, client)

    def _relay(self, client: socket.socket) -> None:
        with client, socket.create_connection(self.server) as server:
            self._start(_copy, client, server)
            if self._answer(server, client):
                if self.is_silent:
                    self._over.wait(60)
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            with suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)

    def _answer(self, server: socket.socket, client: socket.socket) -> bool:
        """Pass the answers on; true where the link is to break now."""
        passed = 0
        with suppress(OSError):
            while passed < self.after and (piece := server.recv(min(self.after - passed, PIECE))):
                client.sendall(piece)
                passed += len(piece)
                self.most = max(self.most, passed)
        return passed >= self.after


def _copy(source: socket.socket, target: socket.socket) -> None:
    """Pass on what the client asks, until one side has gone; the server then hears of it."""
    with suppress(OSError):
        while piece := source.recv(PIECE):
            target.sendall(piece)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
