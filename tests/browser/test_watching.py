"""The tab that the other tests trust: what a page must not do is noticed."""

import re

import pytest
from playwright.sync_api import Browser

from tests.browser.tab import open_tab

TRESPASSES = {
    "console: .*said aloud": "console.error('said aloud')",
    "exception: .*nobody caught": "setTimeout(() => { throw new Error('nobody caught'); })",
    "dialog: look here": "alert('look here')",
    r"elsewhere: http://127\.0\.0\.1:9/picture": "void fetch('http://127.0.0.1:9/picture').catch(() => 0)",
    "console: .*status of 404": "void fetch('/nothing')",
}


@pytest.mark.parametrize(("complaint", "script"), TRESPASSES.items())
def test_what_a_page_must_not_do_is_noticed(chromium: Browser, own_page: str, complaint: str, script: str) -> None:
    with pytest.raises(AssertionError) as failed, open_tab(chromium, own_page) as tab:
        tab.go("/").evaluate(script)

    assert re.search(complaint, str(failed.value))


@pytest.mark.parametrize("has_scripts", [True, False])
def test_a_violation_of_the_policy_is_noticed(chromium: Browser, own_page: str, has_scripts: bool) -> None:
    with pytest.raises(AssertionError) as failed, open_tab(chromium, own_page, java_script_enabled=has_scripts) as tab:
        tab.go("/trespassing.html")

    assert "Content Security Policy" in str(failed.value)
    assert ("img-src forbids" in str(failed.value)) == has_scripts


def test_an_ordinary_page_gives_no_cause_for_complaint(chromium: Browser, own_page: str) -> None:
    with open_tab(chromium, own_page) as tab:
        tab.go("/")


def test_a_complaint_that_never_comes_is_missed(
    chromium: Browser, own_page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.browser.tab.SECONDS", 0.1)

    with (
        pytest.raises(AssertionError, match="no complaint of 'status of 400'"),
        open_tab(chromium, own_page) as tab,
        tab.complaining("status of 400"),
    ):
        tab.go("/")
