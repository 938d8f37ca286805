"""What the migration guide shows, done: its endpoints, its curls, its JavaScript, its second factor.

Paths, bodies and member names come from the guide's own text (tests/guide/document.py). Its figures, lists and names
are in tests/guide/test_stated_facts.py.
"""

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyotp
import pytest
import requests
from django.core.management import call_command
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer
from rest_framework.test import APIClient

from contacts.models import Contact
from examples.stripe_sandbox import StripeSandbox
from tests import smoke
from tests.conftest import PASSWORD
from tests.guide import node
from tests.guide.document import GUIDE, OWN_ADDRESS, Endpoint, block, find, find_all, new_endpoints, paths_of
from users.models import Session, User

Login = Callable[[User], APIClient]
Json = dict[str, Any]

LOGIN, CONTACT, PAYMENT = smoke.curls(GUIDE)
API_CLIENT = block("Update API Client", "javascript")
PAYMENT_CLIENT = block("Stripe Integration", "javascript")
IMPORT_OF_STRIPE = "import { loadStripe } from '@stripe/js';\n"  # no such package exists

# --- The table of endpoints -------------------------------------------------------------------------------------
BODIES: dict[str, tuple[Json | None, int]] = {
    "/api/v1/auth/token/": ({"email": "student@example.com", "password": PASSWORD}, 200),
    "/api/v1/users/register/": ({"email": "new@example.com", "password": PASSWORD, "name": "New Person"}, 201),
    "/api/v1/users/profile/": (None, 200),
    "/api/v1/contacts/contacts/": (json.loads(CONTACT.body), 201),
    "/api/v1/courses/courses/": (None, 200),
    "/api/v1/payments/create_payment_intent/": (json.loads(PAYMENT.body), 201),
}


@pytest.fixture
def sandbox(settings: Settings) -> Iterator[StripeSandbox]:
    """Payments that are configured: a key, and the sandbox for Stripe."""
    with StripeSandbox() as running:
        settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE = running.key, running.url
        yield running


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize("endpoint", new_endpoints(), ids=" ".join)
def test_an_endpoint_of_the_table_answers(
    api: Login, student: User, sandbox: StripeSandbox, endpoint: Endpoint, version: str
) -> None:
    body, status = BODIES[endpoint.path]
    path = endpoint.path.replace("/v1/", f"/{version}/")

    answer = api(student).generic(endpoint.verb, path, json.dumps(body) if body else "", "application/json")

    assert answer.status_code == status, answer.content


@pytest.mark.parametrize("path", [*paths_of("/api/v1/"), *paths_of("/admin/")])
def test_a_path_of_the_guide_leads_somewhere(anonymous: APIClient, db: None, path: str) -> None:
    assert anonymous.get(path).status_code in {200, 302, 401, 405}


@pytest.mark.parametrize("path", find_all(r"\$\{API_BASE\}(/[\w/]+)"))
def test_a_path_of_the_snippets_takes_a_post(anonymous: APIClient, db: None, path: str) -> None:
    assert anonymous.post(f"/api/v1{path}", {}).status_code in {400, 401}


@pytest.mark.parametrize("bearer", ["Bearer null", "Bearer undefined", "Bearer a.b.c", "Bearer"])
def test_a_contact_with_a_token_that_is_none_comes_from_a_visitor(anonymous: APIClient, db: None, bearer: str) -> None:
    answer = anonymous.post(CONTACT.path, json.loads(CONTACT.body), HTTP_AUTHORIZATION=bearer)

    assert answer.status_code == 201
    assert Contact.objects.get().user is None


def test_a_token_that_is_none_opens_nothing_else(anonymous: APIClient, db: None) -> None:
    answer = anonymous.get("/api/v1/users/profile/", HTTP_AUTHORIZATION="Bearer null")

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_login_answers_the_members_of_the_guide(anonymous: APIClient, student: User) -> None:
    members = find(r"# Returns: \{ (access[^}]*) \}")[0].split(", ")

    answer = anonymous.post(LOGIN.path, {"email": student.email, "password": PASSWORD}).json()

    assert sorted(answer) == sorted(members)
    assert answer["requires_2fa"] is False


def test_a_payment_needs_the_header_of_the_guide(anonymous: APIClient, sandbox: StripeSandbox, db: None) -> None:
    assert PAYMENT.headers["Authorization"] == "Bearer <token>"

    assert anonymous.post(PAYMENT.path, json.loads(PAYMENT.body)).status_code == 401
    assert sandbox.payment_intents == []


def test_a_payment_without_a_key_names_the_setting_of_the_guide(api: Login, student: User) -> None:
    answer = api(student).post(PAYMENT.path, json.loads(PAYMENT.body))

    assert (answer.status_code, answer.json()["code"]) == (503, "payments_not_configured")
    assert find(r"\*\*Payment Error\*\*: Check (\w+)")[0] in answer.json()["detail"]


# --- The curls --------------------------------------------------------------------------------------------------
@pytest.fixture
def guides_admin(settings: Settings, transactional_db: None) -> None:
    """Make the account of the guide's curl, by the command that makes it for the demo."""
    settings.DEBUG = True  # the command refuses to run in production
    call_command("seed_demo")
    settings.DEBUG = False


@pytest.fixture
def curl(live_server: LiveServer, tmp_path: Path) -> Callable[..., tuple[int, Json]]:
    """Run a curl of the guide by the shell, as printed, and return the status and the body.

    Two things differ from the print: `<token>`, and the host and port of OWN_ADDRESS, for the server of a test takes a
    free port. curl's own configuration file, not the command, makes it tell the status.
    """
    (tmp_path / ".curlrc").write_text('silent\nwrite-out = "\\n%{http_code}"\n')

    def run(heading: str, token: str = "") -> tuple[int, Json]:
        command = block(heading, "bash").replace(OWN_ADDRESS, live_server.url).replace("<token>", token)
        environment = {"PATH": os.environ["PATH"], "CURL_HOME": str(tmp_path)}
        ended = subprocess.run(
            command, shell=True, env=environment, capture_output=True, text=True, timeout=60, check=True
        )
        body, _, status = ended.stdout.rpartition("\n")
        return int(status), json.loads(body)

    return run


@pytest.mark.external
def test_the_guides_three_curls_work_as_printed(curl: Callable[..., tuple[int, Json]], guides_admin: None) -> None:
    status, tokens = curl("Test User Login")
    assert (status, tokens["requires_2fa"]) == (200, False)

    status, contact = curl("Test Contact Submission")
    assert (status, contact["status"]) == (201, "new")
    assert Contact.objects.filter(pk=contact["id"], email="john@example.com").exists()

    status, refusal = curl("Test Payment Intent", tokens["access"])
    assert (status, refusal["code"]) == (503, "payments_not_configured")


@pytest.mark.external
def test_the_guides_payment_curl_answers_a_client_secret(
    curl: Callable[..., tuple[int, Json]], guides_admin: None, sandbox: StripeSandbox
) -> None:
    _, tokens = curl("Test User Login")

    status, payment = curl("Test Payment Intent", tokens["access"])

    [intent] = sandbox.payment_intents
    assert (status, payment["client_secret"]) == (201, intent["client_secret"])
    assert (intent["amount"], intent["currency"], intent["description"]) == (9999, "usd", "Course enrollment")


def post(server: LiveServer, name: str, body: Json, *, bearer: str = "") -> Json:
    """Post to the live server as any program would, and return what it answers with 200."""
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    answer = requests.post(f"{server.url}/api/v1/{name}/", json=body, headers=headers, timeout=20)
    assert answer.status_code == 200, answer.text
    answered: Json = answer.json()
    return answered


def log_in(server: LiveServer, user: User) -> Json:
    """Log in over HTTP with the body that the guide's client sends."""
    return post(server, "auth/token", {"email": user.email, "password": PASSWORD})


# --- The snippets -----------------------------------------------------------------------------------------------
@pytest.fixture
def run_snippet(live_server: LiveServer, tmp_path: Path) -> Callable[..., Any]:
    """Run a scenario beside a snippet of the guide against the live server."""
    node.install()

    def run(snippet: str, scenario: str, **given: Any) -> Any:
        return node.run(snippet, scenario, folder=tmp_path, api=f"{live_server.url}/api/v1", given=given)

    return run


@pytest.mark.external
def test_the_client_lives_on_one_refresh_token(run_snippet: Callable[..., Any], student: User) -> None:
    scenario = """
    const { refresh } = await guide.loginUser(given.email, given.password);
    const names = [];
    for (let turn = 0; turn < 5; turn += 1) {
      const access = await guide.refreshToken(refresh);
      const profile = await axios.get(`${API_BASE}/users/profile/`, { headers: { Authorization: `Bearer ${access}` } });
      names.push(profile.data.email);
    }
    return names;
    """

    names = run_snippet(API_CLIENT, scenario, email=student.email, password=PASSWORD)

    assert names == [student.email] * 5
    assert Session.objects.live().count() == 1


@pytest.mark.external
@pytest.mark.parametrize("is_logged_in", [False, True])
def test_the_client_submits_a_contact(run_snippet: Callable[..., Any], student: User, is_logged_in: bool) -> None:
    scenario = """
    if (given.isLoggedIn) {
      localStorage.setItem('access_token', (await guide.loginUser(given.email, given.password)).access);
    }
    return guide.submitContact(given.contact);
    """
    given = {"isLoggedIn": is_logged_in, "email": student.email, "password": PASSWORD}

    answer = run_snippet(API_CLIENT, scenario, contact=json.loads(CONTACT.body), **given)

    assert Contact.objects.get(pk=answer["id"]).user == (student if is_logged_in else None)


@pytest.mark.external
@pytest.mark.parametrize("amount", ["99.99", 99.99], ids=["text", "number"])
def test_the_client_pays(
    run_snippet: Callable[..., Any], live_server: LiveServer, student: User, sandbox: StripeSandbox, amount: str | float
) -> None:
    assert IMPORT_OF_STRIPE in PAYMENT_CLIENT
    snippet = PAYMENT_CLIENT.replace(IMPORT_OF_STRIPE, "") + "\nexport { handlePayment };\n"
    scenario = "await guide.handlePayment(given.amount); return confirmations;"
    given = {"bearer": log_in(live_server, student)["access"], "sandbox": sandbox.url, "sandboxKey": sandbox.key}

    outcome = run_snippet(snippet, scenario, amount=amount, **given)

    [intent] = sandbox.payment_intents
    secret = intent["client_secret"]
    assert outcome == [{"publicKey": "pk_test_guide", "clientSecret": secret, "card": {"element": "card"}}]
    assert (intent["status"], intent["amount_received"]) == ("succeeded", 9999)


# --- The second factor ------------------------------------------------------------------------------------------
def test_the_second_factor_goes_the_guides_way(live_server: LiveServer, student: User) -> None:
    session = log_in(live_server, student)["access"]
    enrolment = post(live_server, "users/enable_2fa", {}, bearer=session)
    totp = pyotp.TOTP(enrolment["secret"])
    post(live_server, "users/confirm_2fa", {"token": totp.now()}, bearer=session)

    for code in (totp.at(int(time.time()) + 30), enrolment["backup_codes"][0]):
        asked = log_in(live_server, student)
        assert (asked["requires_2fa"], asked["refresh"]) == (True, None)
        verified = post(live_server, "users/verify_2fa", {"token": code}, bearer=asked["access"])
        assert verified["requires_2fa"] is False
        assert post(live_server, "auth/token/refresh", {"refresh": verified["refresh"]})["access"]


def test_enabling_the_second_factor_answers_the_members_of_the_guide(api: Login, student: User) -> None:
    printed = find(r"# Response:\n(\{.*?\n\})")[0]

    answer = api(student).post("/api/v1/users/enable_2fa/").json()

    assert set(find_all(r'"(\w+)":', printed)) <= set(answer)
    assert answer["qr_code_url"].startswith(find(r'"qr_code_url": "(\w+://)', printed)[0])
    assert len(answer["backup_codes"]) == 10
