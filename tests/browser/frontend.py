"""The frontend of the guide, at an origin of its own: a page, and the guide's API client as it is printed."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.guide.document import block

PAGES = Path(__file__).resolve().parent / "pages"


class Files(SimpleHTTPRequestHandler):
    """A static file, without a word on the terminal."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the standard library
        """Print nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve the frontend from a folder within the block; yield its origin."""
    shutil.copytree(PAGES, folder, dirs_exist_ok=True)
    (folder / "api.js").write_text(block("Update API Client", "javascript"))
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Files, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
