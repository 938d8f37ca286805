"""What a stranger wrote stays text in front of the staff: nothing of it runs, loads or is worked out.

The admin's theme evaluates what stands in the attributes of Alpine.js, so nothing that is stored may get there: the
policy of our pages would let it run.
"""

from playwright.sync_api import Page, expect

from tests.browser.admin import answer_contact, enter
from tests.browser.site import Site
from tests.browser.tab import Tab
from tests.conftest import PASSWORD

MARK = "zebra"
# Each is one line: an element that runs, one that loads from elsewhere, the expressions of Django's templates and of
# Alpine, and ways out of an attribute, a string, a form's field and a script.
TAGS = f"{MARK}<script>alert('{MARK}')</script><img src=http://elsewhere.invalid/ onerror=alert(1)>"
EXPRESSIONS = f"{MARK} {{{{7*7}}}} {{% now 'Y' %}} ${{alert(2)}} x-init=alert(3)"
WAYS_OUT = (
    f"{MARK}\" x-init=\"alert(4)\" ' @mouseover='alert(5)' '+alert(6)+' </textarea></option></title></script>{TAGS}"
)
TEXTS = {"name": TAGS, "subject": f"{EXPRESSIONS} {WAYS_OUT}"[:255], "message": f"{TAGS} {EXPRESSIONS} {WAYS_OUT}"}

# Everything that a person can read, the values of fields too.
SHOWN = """
() => [document.title, document.body.innerText,
       ...[...document.querySelectorAll('input, textarea')].map((field) => field.value),
       ...[...document.querySelectorAll('option')].map((option) => option.textContent)].join(' \\n')
"""
# The attributes that Alpine, htmx or the browser would evaluate, where they hold the text.
EVALUATED = """
(mark) => [...document.querySelectorAll('*')].flatMap((element) => [...element.attributes])
  .filter((attribute) => /^(x-|@|:|on|hx-)/.test(attribute.name))
  .filter((attribute) => `${attribute.name} ${attribute.value}`.includes(mark))
  .map((attribute) => `${attribute.name}=${attribute.value}`)
"""


def see_only_text(tab: Tab, path: str, *texts: str) -> Page:
    """Open a page of the admin, and see that it shows these texts as they were written and evaluates none."""
    page = tab.go(f"/admin/{path}")
    page.wait_for_load_state("networkidle")
    shown = page.evaluate(SHOWN)
    for text in texts:
        assert text in shown, f"{path} shows no {text}:\n{shown}"
    assert page.evaluate(EVALUATED, MARK) == [], path
    assert page.locator("img[src*=elsewhere], [onerror]").count() == 0, path
    tab.quiet()
    return page


def path_of(page: Page, model: str) -> str:
    """Return the path of the row that a list shows, without its last part."""
    address = page.locator(f"#result_list a[href*='/{model}/'][href*='/change/']").first.get_attribute("href")
    return str(address).removeprefix("/admin/").partition("/change/")[0]


def test_a_hostile_contact_stays_text_wherever_staff_meet_it(site: Site, tab: Tab) -> None:
    site.write(**TEXTS)
    enter(tab)
    name, subject, message = TEXTS.values()

    see_only_text(tab, "contacts/contact/?is_spam=all", name, subject)
    found = see_only_text(tab, f"contacts/contact/?is_spam=all&q={MARK}", name, subject)
    contact = path_of(found, "contact")
    see_only_text(tab, f"{contact}/change/", name, subject, message)
    see_only_text(tab, f"{contact}/answer/", name, subject, message)
    see_only_text(tab, f"{contact}/history/", name)
    page = see_only_text(tab, f"{contact}/delete/", name)
    page.get_by_role("button", name="Yes").click()
    expect(page.get_by_text("was deleted successfully")).to_contain_text(name)
    assert page.evaluate(EVALUATED, MARK) == []


def test_a_hostile_course_stays_text_wherever_staff_meet_it(site: Site, tab: Tab) -> None:
    enter(tab)
    title = f"{EXPRESSIONS} {TAGS}"
    page = tab.go("/admin/courses/course/add/")
    page.get_by_label("Title").fill(title)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was added successfully")).to_contain_text(title)

    see_only_text(tab, "courses/course/", title)
    course = path_of(see_only_text(tab, f"courses/course/?q={MARK}", title), "course")
    see_only_text(tab, f"{course}/change/", title)
    see_only_text(tab, f"{course}/history/", title)
    see_only_text(tab, f"{course}/delete/", title)
    logged = path_of(see_only_text(tab, "audit/auditlog/?action__exact=create"), "auditlog")
    see_only_text(tab, f"{logged}/change/", title)
    choose_course_for_a_lesson(see_only_text(tab, "courses/lesson/add/"), title)
    assert page.evaluate(EVALUATED, MARK) == []


def choose_course_for_a_lesson(page: Page, title: str) -> None:
    """Find the course by the field that searches as one types."""
    page.locator(".field-course .select2-selection").click()
    page.locator(".select2-search__field").fill(MARK)
    expect(page.locator(".select2-results")).to_contain_text(title)
    page.locator(".select2-results li").get_by_text(MARK).click()
    expect(page.locator(".field-course .select2-selection")).to_contain_text(title)


def test_what_strangers_leave_in_the_lists_stays_text(site: Site, tab: Tab) -> None:
    person = {"email": "stranger@example.com", "password": PASSWORD}
    site.post("users/register/", {**person, "first_name": TAGS}, status=201)
    site.post("auth/token/", {**person, "password": "wrong-horse-9"}, status=401, agent=TAGS)
    enter(tab)

    user = path_of(see_only_text(tab, f"users/user/?q={MARK}"), "user")
    see_only_text(tab, f"{user}/change/", TAGS)
    see_only_text(tab, "users/loginattempt/", TAGS)
    failed = path_of(see_only_text(tab, "audit/auditlog/?outcome__exact=failure"), "auditlog")
    see_only_text(tab, f"{failed}/change/", TAGS)


def test_the_mail_that_answers_a_hostile_contact_is_shown_as_text(site: Site, tab: Tab) -> None:
    site.write(**TEXTS)
    enter(tab)
    page = see_only_text(tab, "contacts/contact/?is_spam=all")
    contact = path_of(page, "contact")
    unmark_spam(page)

    answer_contact(see_only_text(tab, f"{contact}/change/"), TAGS)

    mail = path_of(see_only_text(tab, "titanobova/outgoingmail/", EXPRESSIONS), "outgoingmail")
    see_only_text(tab, f"{mail}/change/", EXPRESSIONS)
    see_only_text(tab, f"{contact}/change/", TAGS)


def unmark_spam(page: Page) -> None:
    """Choose the one contact of the list, and let the action be done."""
    page.locator("#result_list input.action-select").check()
    page.get_by_role("combobox", name="Action").select_option("unmark_spam")
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_text("Done: 1.")).to_be_visible()


def test_what_gets_into_an_evaluated_attribute_would_run_and_is_noticed(tab: Tab) -> None:
    page = enter(tab)

    with tab.complaining("dialog: it ran"):
        page.evaluate(f"""document.querySelector('main, body').insertAdjacentHTML(
            'beforeend', `<p x-data x-init="alert('it ran')" :title="'{MARK}'"></p>`)""")

    assert page.evaluate(EVALUATED, MARK) == [f":title='{MARK}'"]
