"""The documentation at /api/v1/, as a developer uses it in a browser under the policy of our pages."""

import json

import requests
from playwright.sync_api import expect

from tests.browser.site import SECONDS, Site
from tests.browser.tab import Tab

VERBS = {"get", "post", "put", "patch", "delete"}


def test_the_page_lists_every_operation(site: Site, tab: Tab) -> None:
    paths = requests.get(f"{site.url}/api/v1/schema/?format=json", timeout=SECONDS).json()["paths"]
    operations = {(verb.upper(), path) for path, verbs in paths.items() for verb in VERBS.intersection(verbs)}
    assert ("POST", "/api/v1/auth/token/") in operations

    page = tab.go("/api/v1/")

    shown = page.locator(".opblock-summary")
    expect(shown).to_have_count(len(operations))
    words = [operation.split() for operation in shown.all_inner_texts()]
    listed = {(verb, "".join(rest).replace("\u200b", "")) for verb, *rest in words}
    assert listed == operations


def test_an_operation_can_be_tried_out_from_the_page(site: Site, tab: Tab) -> None:
    page = tab.go("/api/v1/")
    operation = page.locator("[id$='courses_list']")

    operation.locator(".opblock-summary").click()
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_role("button", name="Execute").click()

    answer = operation.locator(".live-responses-table")
    expect(answer.locator(".response-col_status").last).to_contain_text("200")
    body = json.loads(answer.locator("code").first.inner_text())
    assert [course["title"] for course in body["results"]] == ["Sailing"]
