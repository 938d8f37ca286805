"""What staff do in the admin, as the tests of several use cases need it."""

import re
import time

import pyotp
from playwright.sync_api import Page, expect

from tests.browser.site import STAFF
from tests.browser.tab import Tab
from tests.conftest import PASSWORD


def fill_login(page: Page, *, code: str = "") -> None:
    """Fill the login form and send it off."""
    page.get_by_label("Email").fill(STAFF)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Code of your second factor").fill(code)
    page.get_by_role("button", name="Log in").click()


def set_up_second_factor(page: Page) -> pyotp.TOTP:
    """Read the key from the page as somebody who types it into an app, and enter the app's code."""
    expect(page.get_by_text("Your second factor")).to_be_visible()
    [secret] = re.findall(r"^[A-Z2-7]{32}$", page.locator("body").inner_text(), re.MULTILINE)
    app = pyotp.TOTP(secret)
    page.get_by_label("Code of the app").fill(app.now())
    page.get_by_role("button", name="Turn it on and go on").click()
    return app


def next_code(app: pyotp.TOTP) -> str:
    """Return the code of the half minute to come, for a code counts once; the site takes it already."""
    return app.at(int(time.time()) + app.interval)


def enter(tab: Tab) -> Page:
    """Log in for the first time and land on the admin's first page."""
    page = tab.go("/admin/")
    fill_login(page)
    set_up_second_factor(page)
    expect(page.get_by_role("heading", name="Site administration")).to_be_visible()
    return page


def answer_contact(page: Page, answer: str) -> None:
    """Answer the contact that is open, and see the answer in its thread."""
    page.get_by_role("link", name="Answer").click()
    page.get_by_label("Message").fill(answer)
    page.get_by_role("button", name="Mail the answer").click()
    expect(page.get_by_text("The answer is on its way.")).to_be_visible()
    expect(page.locator("#answers-group")).to_contain_text(answer)
