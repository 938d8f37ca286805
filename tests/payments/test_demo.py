"""A newcomer buys a course in the demo, with test money and nothing else than what `make run` starts."""

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from examples.stripe_sandbox import StripeSandbox
from tests.shared.starting import PRODUCTION
from titanobova.env import BASE_DIR
from titanobova.site import demo_payments
from titanobova.site.demo import ADMIN_EMAIL, ADMIN_PASSWORD
from titanobova.site.demo_payments import play_stripe
from titanobova.site.management.commands.run_demo import lead_links_to

PATIENCE = 90  # seconds for what a loaded machine may take long to do
SITE = "http://127.0.0.1:8000"


def environment(folder: Path, **variables: str) -> dict[str, str]:
    own = {"ENV_DIR": str(folder), "LOG_DIR": str(folder / "logs"), "DB_NAME": str(folder / "demo.sqlite3")}
    return {"PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1", "LOGIN_REFUSAL_SECONDS": "0", **own, **variables}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """A running demo: the address of its API, and of the page with the test money."""
    port = free_port()
    command = [sys.executable, "manage.py", "run_demo", str(port)]
    printed = tmp_path / "printed.txt"
    with printed.open("w") as output:
        server = subprocess.Popen(command, cwd=BASE_DIR, env=environment(tmp_path), stdout=output, stderr=output)
    try:
        page = until(lambda: re.search(r"TEST MONEY +(http://127\.0\.0\.1:\d+/)", printed.read_text()))[1]
        api = f"http://127.0.0.1:{port}/api/v1/"
        until(lambda: answers(api))
        yield api, page
    finally:
        server.terminate()
        server.wait(timeout=30)


def until(look: Callable[[], Any]) -> Any:
    """Return what `look` finds as soon as it finds something."""
    end = time.monotonic() + PATIENCE
    while not (found := look()):
        assert time.monotonic() < end
        time.sleep(0.1)
    return found


def answers(url: str) -> bool:
    try:
        return bool(ask(url))
    except urllib.error.URLError:
        return False


def ask(url: str, body: object = None, bearer: str = "") -> Any:
    """Return the body of an answer: JSON as what it says, anything else as text."""
    headers = {"Accept": "application/json", "Content-Type": "application/json"}
    headers |= {"Authorization": f"Bearer {bearer}"} if bearer else {}
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=30) as answer:
        text = answer.read().decode()
        return json.loads(text) if "json" in answer.headers["Content-Type"] else text


@pytest.mark.timeout(240)
def test_a_newcomer_pays_for_a_course_end_to_end(demo: tuple[str, str]) -> None:
    api, page = demo
    bearer = ask(f"{api}auth/token/", {"email": ADMIN_EMAIL, "password": ADMIN_PASSWORD})["access"]
    started = ask(f"{api}payments/create_payment_intent/", {"course": "accessible-interfaces"}, bearer)
    intent_id = started["client_secret"].partition("_secret_")[0]

    shown = ask(page)
    assert "TEST MONEY" in shown
    assert "<strong>79.00 USD</strong> for Accessible Interfaces: requires_payment_method" in shown
    assert f'data-command="pay" data-intent="{intent_id}"' in shown
    ask(f"{page}control/pay", {"intent_id": intent_id})  # what the button does

    until(lambda: ask(f"{api}courses/enrollments/", bearer=bearer)["results"][0]["status"] == "active")
    receipt = ask(f"{api}payments/{started['payment_id']}/receipt/", bearer=bearer)
    assert "79.00 USD" in receipt
    assert 'data-command="refund"' in ask(page)


def test_outside_debug_there_is_no_test_money(tmp_path: Path) -> None:
    command = [sys.executable, "manage.py", "run_demo", str(free_port())]

    ended = subprocess.run(
        command, cwd=BASE_DIR, env=environment(tmp_path, **PRODUCTION), capture_output=True, text=True, check=False
    )

    assert (ended.returncode, "it runs with DEBUG only" in ended.stderr) == (1, True), ended.stderr
    assert not (tmp_path / "demo.sqlite3").exists()


def test_outside_debug_nothing_is_started(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.DEBUG = False
    monkeypatch.setattr(demo_payments, "_sandbox", lambda: pytest.fail("It was started."))

    with pytest.raises(CommandError, match="DEBUG only"), play_stripe(SITE):
        pass
    with pytest.raises(CommandError, match="DEBUG only"):
        call_command("run_demo")
    assert settings.STRIPE_SECRET_KEY == ""


def test_a_key_of_stripe_counts_more(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.DEBUG, settings.STRIPE_SECRET_KEY = True, "sk_test_of_an_account"
    monkeypatch.setattr(demo_payments, "_sandbox", lambda: pytest.fail("It was started."))

    with play_stripe(SITE) as page:
        assert (page, settings.STRIPE_SECRET_KEY) == ("", "sk_test_of_an_account")


def test_where_its_port_is_taken_it_takes_another(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.DEBUG, settings.STRIPE_API_BASE, settings.STRIPE_WEBHOOK_SECRETS = True, "", []
    with StripeSandbox() as other:
        monkeypatch.setattr(demo_payments, "PORT", int(other.url.rpartition(":")[2]))

        with play_stripe(SITE) as page:
            assert page == f"{settings.STRIPE_API_BASE}/" != f"{other.url}/"
            assert settings.STRIPE_SECRET_KEY.startswith("sk_test_")
            assert len(settings.STRIPE_WEBHOOK_SECRETS) == 1
    settings.STRIPE_SECRET_KEY = ""


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [("4990", "jpy", "4990 JPY"), ("1250", "kwd", "1.250 KWD"), ("50", "usd", "0.50 USD")],
)
def test_the_page_shows_amounts_as_people_write_them(amount: str, currency: str, shown: str) -> None:
    with StripeSandbox() as sandbox:
        sandbox.intents.create({"amount": amount, "currency": currency, "description": "<b>&"}, {})

        page = ask(f"{sandbox.url}/")

    assert f"<strong>{shown}</strong> for &lt;b&gt;&amp;: requires_payment_method" in page


@pytest.mark.parametrize(
    ("said", "leads_to"),
    [("http://localhost:8000", "http://localhost:8123"), ("https://demo.example", "https://demo.example")],
)
def test_links_lead_to_the_port_of_the_demo_unless_somebody_says_otherwise(
    settings: Settings, said: str, leads_to: str
) -> None:
    settings.PUBLIC_URL, settings.CSRF_TRUSTED_ORIGINS = said, [said]

    lead_links_to(8123)

    assert (leads_to, [leads_to]) == (settings.PUBLIC_URL, settings.CSRF_TRUSTED_ORIGINS)
