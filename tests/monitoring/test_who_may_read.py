"""/metrics is for those who know METRICS_TOKEN; in development also for this machine."""

import pytest
from django.conf import LazySettings
from django.test import Client

from tests.monitoring.figures import TOKEN, scrape

pytestmark = pytest.mark.django_db


def test_whoever_knows_the_token_reads() -> None:
    answer = scrape()

    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    assert b"titanobova_release{" in answer.content


NOT_THE_TOKEN = ["", f"{TOKEN}0", TOKEN[:-1], f"{TOKEN} {TOKEN}", "\u00e9\u00e9"]
OTHER_SCHEMES = ["", "Bearer", f"Basic {TOKEN}", f"Token {TOKEN}", TOKEN]


@pytest.mark.parametrize("header", [*(f"Bearer {token}" for token in NOT_THE_TOKEN), *OTHER_SCHEMES])
def test_whoever_does_not_is_refused(header: str) -> None:
    answer = Client(HTTP_AUTHORIZATION=header).get("/metrics")

    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="metrics"'
    assert b"titanobova_" not in answer.content


@pytest.mark.parametrize("token", ["", " ", "None"])
def test_without_a_token_in_the_settings_there_is_nothing_to_read(settings: LazySettings, token: str) -> None:
    settings.METRICS_TOKEN = ""

    answer = scrape(token)

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("192.0.2.7", {}, 404),
        ("", {}, 404),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, 404),  # a proxy of this machine asks for somebody
        ("127.0.0.1", {"Forwarded": "for=192.0.2.7"}, 404),
        ("192.0.2.7", {"X-Forwarded-For": "127.0.0.1"}, 404),
    ],
)
def test_in_development_this_machine_reads_without(
    settings: LazySettings, address: str, headers: dict[str, str], status: int
) -> None:
    settings.METRICS_TOKEN, settings.DEBUG = "", True

    assert Client(headers=headers, REMOTE_ADDR=address).get("/metrics").status_code == status


def test_in_production_this_machine_needs_the_token_too(settings: LazySettings) -> None:
    settings.METRICS_TOKEN, settings.DEBUG = "", False

    assert scrape("", REMOTE_ADDR="127.0.0.1").status_code == 404


def test_the_figures_are_only_read() -> None:
    assert Client().post("/metrics").status_code == 405
