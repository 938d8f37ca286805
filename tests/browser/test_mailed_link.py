"""A mailed link, opened by people whose browser runs scripts and by people whose browser does not."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.site import STUDENT, Site
from tests.browser.tab import Tab, open_tab
from tests.conftest import PASSWORD

NEW = "quiet-lantern-42"


@pytest.fixture(params=[True, False], ids=["with scripts", "without scripts"])
def reader(request: pytest.FixtureRequest, chromium: Browser, site: Site) -> Iterator[Tab]:
    """The tab of somebody who opens a link."""
    with open_tab(chromium, site.url, java_script_enabled=request.param) as opened:
        yield opened


def reset_link(site: Site) -> str:
    """Ask for a mailed link as somebody who forgot the password; return it without the site's own address."""
    site.post("users/password_reset/", {"email": STUDENT}, status=202)
    [link] = re.findall(r"\S+\?token=\S+", site.mail_to(STUDENT))
    assert link.startswith(site.url)
    return str(link).removeprefix(site.url)


def choose(page: Page, password: str) -> None:
    """Type a new password and press the button."""
    page.get_by_label("New password").fill(password)
    page.get_by_role("button", name="Set the password").click()


def test_a_new_password_is_chosen_after_one_that_is_too_short(site: Site, reader: Tab) -> None:
    page = reader.go(reset_link(site))
    expect(page.get_by_role("heading")).to_have_text("Choose a new password")

    with reader.complaining("status of 400"):
        choose(page, "short")
    expect(page.get_by_role("alert")).to_contain_text("too short")
    choose(page, NEW)

    expect(page.get_by_role("status")).to_have_text("Your password is changed")
    assert page.url == f"{site.url}/reset-password"
    site.post("auth/token/", {"email": STUDENT, "password": PASSWORD}, status=401)
    site.post("auth/token/", {"email": STUDENT, "password": NEW}, status=200)


def test_a_link_that_was_used_says_so(site: Site, reader: Tab) -> None:
    link = reset_link(site)
    choose(reader.go(link), NEW)
    expect(reader.page.get_by_role("status")).to_have_text("Your password is changed")

    with reader.complaining("status of 400"):
        choose(reader.go(link), "another-lantern-43")

    expect(reader.page.get_by_role("alert")).to_contain_text("was used already")
    site.post("auth/token/", {"email": STUDENT, "password": NEW}, status=200)
