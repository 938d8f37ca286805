"""A local SMTP server."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import BaseServer, StreamRequestHandler, ThreadingTCPServer


class SMTPServer(ThreadingTCPServer):
    """Takes every mail, once `open` is set."""

    allow_reuse_address = daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), SMTPConversation)
        self.recipients: list[str] = []
        self.mails: list[bytes] = []
        self.open = threading.Event()
        self.open.set()


class SMTPConversation(StreamRequestHandler):
    """As much of RFC 5321 as Django's backend speaks."""

    server: SMTPServer

    def handle(self) -> None:
        """Answer until the client says goodbye."""
        self.say("220 here")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"RCPT":
                self.server.recipients.append(line.partition(b":")[2].strip(b"<>\r\n").decode())
            if verb == b"DATA":
                self.take()
            self.say("221 bye" if verb == b"QUIT" else "250 well")

    def take(self) -> None:
        """Read a mail up to its dot."""
        self.server.open.wait(20)
        self.say("354 go on")
        lines = iter(self.rfile.readline, b".\r\n")
        self.server.mails.append(b"".join(lines))

    def say(self, line: str) -> None:
        """Send one line."""
        self.wfile.write(f"{line}\r\n".encode())


@contextmanager
def serving(server: BaseServer) -> Iterator[None]:
    """Let `server` answer in a thread of its own."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
