"""A Chromium, and a site of each test's own as it runs in production: gunicorn, with static files by WhiteNoise.

Rows come and go through the site alone, as they do there: this process opens no database.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser import frontend
from tests.browser.site import Prepared, Site
from tests.browser.tab import Tab, open_tab
from tests.shared.outbox import SendGrid

# Nothing leaves this machine, whatever a page or Chromium itself would ask for.
FLAGS = ["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The system's Chromium, without a window."""
    path = shutil.which("chromium")
    assert path, "chromium is not on the PATH"
    expect.set_options(timeout=15_000)  # milliseconds, on a busy machine
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """What every site starts from."""
    return Prepared.in_folder(tmp_path_factory.mktemp("prepared"))


@pytest.fixture(scope="session")
def own_page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The origin of the frontend, which the site allows."""
    with frontend.served(tmp_path_factory.mktemp("frontend")) as origin:
        yield origin


@pytest.fixture(scope="session")
def foreign_page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The origin of a page that is the same, and not allowed."""
    with frontend.served(tmp_path_factory.mktemp("foreign")) as origin:
        yield origin


@pytest.fixture
def site(tmp_path: Path, prepared: Prepared, own_page: str) -> Iterator[Site]:
    """A site with one member of the staff, one student and one course."""
    mails = SendGrid()
    with mails.start() as server, Site(tmp_path, prepared, mails, frontend=own_page) as running:
        yield running
        server.shutdown()


@pytest.fixture
def tab(chromium: Browser, site: Site) -> Iterator[Tab]:
    """A tab for pages of the site; whatever it complains of fails the test."""
    with open_tab(chromium, site.url) as opened:
        yield opened
