"""The guide's frontend, at an origin of its own: its API client as printed, by the browser's fetch with preflights."""

from typing import Any

from playwright.sync_api import Browser

from tests.browser.site import STUDENT, Site
from tests.browser.tab import Tab, open_tab
from tests.conftest import PASSWORD

AS_CLIENT = "async (given) => {{ const guide = await loadClient(given.api); {scenario} }}"
NEW = "new@example.com"

REGISTER = """
const registered = await axios.post(`${given.api}/users/register/`, {
  email: given.email, password: given.password, name: 'Nora New',
});
const tokens = await guide.loginUser(given.email, given.password);
localStorage.setItem('access_token', tokens.access);
const profile = await axios.get(`${given.api}/users/profile/`, {
  headers: { Authorization: `Bearer ${tokens.access}` },
});
const contact = await guide.submitContact(given.contact);
return { status: registered.status, requires2fa: tokens.requires_2fa, profile: profile.data, contact };
"""
REFRESH = """
const { refresh } = await guide.loginUser(given.email, given.password);
const readProfile = (access) => axios.get(`${given.api}/users/profile/`, {
  headers: { Authorization: `Bearer ${access}` },
});
try {
  await readProfile(given.expired);
} catch (refusal) {
  const answer = await readProfile(await guide.refreshToken(refresh));
  return { refusal: refusal.response, email: answer.data.email };
}
"""
CATALOGUE = """
const answer = await fetch(`${given.api}/courses/courses/`);
const titles = (await answer.json()).results.map((course) => course.title);
return { titles, left: answer.headers.get('RateLimit-Remaining') };
"""
TRESPASS = """
const json = { 'Content-Type': 'application/json' };
const login = JSON.stringify({ email: given.email, password: given.password });
const contact = JSON.stringify(given.contact);
const outcome = async (path, options) => {
  try {
    const answer = await fetch(`${given.api}/${path}/`, options);
    return `${answer.type} ${await answer.text()}`;
  } catch (error) {
    return error.name;
  }
};
return Promise.all([
  outcome('courses/courses', {}),
  outcome('users/profile', { headers: { Authorization: 'Bearer any' } }),
  outcome('auth/token', { method: 'POST', headers: json, body: login }),
  outcome('contacts/contacts', { method: 'POST', headers: json, body: contact }),
  outcome('contacts/contacts', { method: 'POST', mode: 'no-cors', body: contact }),
  outcome('courses/courses', { mode: 'no-cors' }),
]);
"""


def act(tab: Tab, site: Site, scenario: str, **given: Any) -> Any:
    """Run a scenario on the frontend's page, beside the guide's client as `guide`; return what it returns."""
    contact = {"name": "Nora", "email": NEW, "subject": "Boats", "message": "Do you teach rowing?", "elapsed_ms": 9000}
    always = {"api": f"{site.url}/api/v1", "email": STUDENT, "password": PASSWORD, "contact": contact}
    return tab.go("/").evaluate(AS_CLIENT.format(scenario=scenario), {**always, **given})


def test_somebody_registers_logs_in_and_writes(chromium: Browser, site: Site, own_page: str) -> None:
    with open_tab(chromium, own_page, site.url) as tab:
        done = act(tab, site, REGISTER, email=NEW)

    assert (done["status"], done["requires2fa"], done["profile"]["email"]) == (201, False, NEW)
    assert (done["contact"]["status"], done["contact"]["message"]) == ("new", "Do you teach rowing?")
    assert (len(site.logged_paths("OPTIONS")), site.count_contacts()) == (4, 1)


def test_an_access_token_that_is_over_is_refreshed(chromium: Browser, site: Site, own_page: str) -> None:
    with open_tab(chromium, own_page, site.url) as tab, tab.complaining("status of 401"):
        done = act(tab, site, REFRESH, expired=site.expired)

    assert (done["refusal"]["status"], done["email"]) == (401, STUDENT)
    assert "expired" in done["refusal"]["data"]["detail"].lower(), done


def test_the_catalogue_is_read_without_a_preflight(chromium: Browser, site: Site, own_page: str) -> None:
    with open_tab(chromium, own_page, site.url) as tab:
        done = act(tab, site, CATALOGUE)

    assert done["titles"] == ["Sailing"]
    assert int(done["left"]) > 0
    assert site.logged_paths("OPTIONS") == []


def test_a_page_that_is_not_allowed_gets_and_does_nothing(chromium: Browser, site: Site, foreign_page: str) -> None:
    blocked = ["blocked by CORS policy"] * 4
    failed = ["net::ERR_FAILED"] * 4
    with open_tab(chromium, foreign_page, site.url) as tab, tab.complaining(*blocked, *failed, "status of 415"):
        outcomes = act(tab, site, TRESPASS)

    assert outcomes == ["TypeError"] * 4 + ["opaque "] * 2
    assert site.logged_paths("POST") == ["/api/v1/contacts/contacts/"]  # the one that needs no preflight; refused
    assert site.count_contacts() == 0
