"""A tab of a browser that notes whatever a page must not do."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Page, Request

# The console tells of each violation too, but not under a policy that only reports.
TELL_VIOLATIONS = """
document.addEventListener('securitypolicyviolation', (event) => {
  console.error(`Content-Security-Policy: ${event.effectiveDirective} forbids ${event.blockedURI}`);
});
"""
SECONDS = 10.0  # until a busy machine has told what it has to tell
LAST_WORDS = 300  # milliseconds for what a page does once nobody waits for it


class Tab:
    """One page in a browser that has no past.

    `complaints` are the errors of its console, exceptions, violations of the policy, dialogs, and requests to other
    origins than `origins`. Chromium's console tells of every answer from 400 up, also of one that a test wants.
    """

    def __init__(self, context: BrowserContext, *origins: str) -> None:
        self.origins, self.complaints = origins, list[str]()
        context.add_init_script(TELL_VIOLATIONS)
        context.on("console", self._read)
        context.on("weberror", lambda error: self.complaints.append(f"exception: {error.error}"))
        context.on("dialog", self._dismiss)
        context.on("request", self._look_where_to)
        self.page: Page = context.new_page()

    def _read(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(f"console: {message.text} {message.location['url']}")

    def _dismiss(self, dialog: Dialog) -> None:
        self.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _look_where_to(self, request: Request) -> None:
        is_ours = any(f"{request.url}/".startswith(f"{origin}/") for origin in self.origins)
        if not is_ours and not request.url.startswith(("data:", "blob:")):
            self.complaints.append(f"elsewhere: {request.url}")

    def go(self, path: str) -> Page:
        """Open a page of the first origin."""
        self.page.goto(self.origins[0] + path)
        return self.page

    @contextmanager
    def complaining(self, *words: str) -> Iterator[None]:
        """Expect as many complaints within the block, each with its words, in any order, and forget them.

        :raises AssertionError: for one that is missing or of which nobody spoke.
        """
        self.quiet()
        yield
        until = time.monotonic() + SECONDS
        while len(self.complaints) < len(words) and time.monotonic() < until:
            self.page.wait_for_timeout(50)  # milliseconds; what the browser tells is read meanwhile
        for word in words:
            said = next((complaint for complaint in self.complaints if word in complaint), None)
            assert said is not None, f"no complaint of {word!r}: {self.complaints}"
            self.complaints.remove(said)
        assert not self.complaints, self.complaints

    def quiet(self) -> None:
        """Wait a moment, and see that there was nothing to complain of.

        :raises AssertionError: with all complaints.
        """
        self.page.wait_for_timeout(LAST_WORDS)
        assert not self.complaints, self.complaints


@contextmanager
def open_tab(browser: Browser, *origins: str, **options: Any) -> Iterator[Tab]:
    """Open a tab, and see at its end that there was nothing to complain of.

    :raises AssertionError: with all complaints.
    """
    context = browser.new_context(**options)
    try:
        tab = Tab(context, *origins)
        yield tab
        tab.quiet()
    finally:
        context.close()
