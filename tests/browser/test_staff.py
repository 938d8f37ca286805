"""A day of the staff in the admin: in by the second factor, a look at the charts, a contact answered, out and in."""

from playwright.sync_api import Locator, Page, expect

from tests.browser.admin import answer_contact, fill_login, next_code, set_up_second_factor
from tests.browser.site import STUDENT, Site
from tests.browser.tab import Tab

# How many pixels of a canvas are plainly coloured: neither its ground nor its grey lines and words.
COLOURED = """
(canvas) => {
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let coloured = 0;
  for (let at = 0; at < data.length; at += 4) {
    const channels = data.slice(at, at + 3);
    coloured += data[at + 3] > 200 && Math.max(...channels) - Math.min(...channels) > 60;
  }
  return coloured;
}
"""
MOST_TRIES = 50  # a tenth of a second each, for a chart grows as it appears


def coloured_pixels(chart: Locator) -> int:
    """Return how many pixels of a chart are coloured, once there are any."""
    coloured = 0
    for _ in range(MOST_TRIES):
        coloured = int(chart.evaluate(COLOURED))
        if coloured:
            break
        chart.page.wait_for_timeout(100)
    return coloured


def chart_below(page: Page, caption: str) -> Locator:
    """Return the canvas of the chart with these words."""
    return page.locator("figure").filter(has_text=caption).locator("canvas")


def test_the_first_page_draws_what_happened(site: Site, tab: Tab) -> None:
    site.write(message="First question: when does the course begin?")
    site.write(message="Second question: how much is the course?")
    site.post("auth/token/", {"email": STUDENT, "password": "wrong-horse-9"}, status=401)
    page = tab.go("/admin/")

    fill_login(page)
    set_up_second_factor(page)

    expect(page).to_have_url(f"{site.url}/admin/")
    expect(page.get_by_text("2 new and 0 read wait for an answer.")).to_be_visible()
    for caption in ("Messages a day", "New accounts a day", "Failed logins a day"):
        assert coloured_pixels(chart_below(page, caption)) > 50, caption


def test_a_chart_without_anything_to_show_has_no_colour(site: Site, tab: Tab) -> None:
    page = tab.go("/admin/")

    fill_login(page)
    set_up_second_factor(page)

    assert coloured_pixels(chart_below(page, "New accounts a day")) > 50
    assert int(chart_below(page, "Failed logins a day").evaluate(COLOURED)) == 0


def test_staff_find_and_answer_a_contact_and_come_back_with_the_second_factor(site: Site, tab: Tab) -> None:
    site.write(name="Wanted Wendy", email="wendy@example.com", subject="Sailing")
    site.write(name="Other Otto", message="Is there a course on knots?")
    page = tab.go("/admin/")
    fill_login(page)
    app = set_up_second_factor(page)

    find_contact(page, "Wanted", but_not="Other Otto")
    answer_contact(page, "It begins on Monday.")
    assert "It begins on Monday." in site.mail_to("wendy@example.com")

    page.get_by_text("unfold_more").click()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_text("logged out")).to_be_visible()
    come_back(page, next_code(app))


def find_contact(page: Page, word: str, *, but_not: str) -> None:
    """Look for a contact in the list, and open it."""
    page.locator("#nav-sidebar").get_by_role("link", name="Contacts", exact=True).last.click()
    rows = page.locator("#result_list tbody tr")
    expect(rows).to_have_count(2)
    page.locator("#searchbar").fill(word)
    page.locator("#searchbar").press("Enter")
    expect(rows).to_have_count(1)
    expect(rows).not_to_contain_text(but_not)
    rows.get_by_role("link").first.click()


def come_back(page: Page, code: str) -> None:
    """Log in again: without the code in vain, with it at once."""
    page.goto(page.url.partition("/admin/")[0] + "/admin/")
    fill_login(page)
    expect(page.get_by_text("The code is wrong, expired or already used.")).to_be_visible()
    fill_login(page, code=code)
    expect(page.get_by_role("heading", name="Site administration")).to_be_visible()
