"""Starts that are refused: with words for each reason, and without the values that may be secrets."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from environs import EnvError
from sentry_sdk.utils import BadDsn, Dsn

from tests.shared.starting import PRODUCTION, refusal_of, settings_of
from titanobova.env import parse_days, parse_dsn, parse_percent, refuse_unsafe_start

COMMAND = "python -m titanobova.env new-secrets"
SAFE: dict[str, object] = {
    **PRODUCTION,
    "DEBUG": False,
    "ALLOWED_HOSTS": ["api.example.com"],
    "PUBLIC_URL": "",
    "STRIPE_SECRET_KEY": "",
}


def test_all_values_that_cannot_be_read_are_named_at_once_without_their_values(tmp_path: Path) -> None:
    unreadable = {
        "DEBUG": "perhaps-4711",
        "DB_PORT": "port-4711",
        "TRUSTED_PROXY_COUNT": "proxies-4711",
        "RATE_LIMIT_ANON": "4711-an-hour",
        "LOG_LEVEL": "loud-4711",
        "LOGIN_REFUSAL_SECONDS": "soon-4711",
        "FIELD_ENCRYPTION_KEYS": "key-4711",
        "FRONTEND_URL": "www.example.com/4711",
        "PUBLIC_URL": "https:///4711",
        "TAX_RATE": "4711",
        "SENTRY_DSN": "garbage-4711",
    }

    said = refusal_of(tmp_path, **unreadable)

    for name in unreadable:
        assert name in said
    assert "4711" not in said


@pytest.mark.parametrize("text", ["-1", "1.5"])
def test_a_number_of_proxies_is_a_count(tmp_path: Path, text: str) -> None:
    assert "TRUSTED_PROXY_COUNT" in refusal_of(tmp_path, TRUSTED_PROXY_COUNT=text)


@pytest.mark.parametrize("text", ["", "-1", "100", "1e1", "NaN", "19%", "1.2345", "1_9", "٣"])
def test_a_tax_rate_is_a_percentage_in_plain_digits(text: str) -> None:
    assert [str(parse_percent(good)) for good in ("0", "19", " 8.875 ")] == ["0", "19", "8.875"]
    with pytest.raises(EnvError):
        parse_percent(text)


@pytest.mark.parametrize("text", ["", "1", "6", "-7", "7.5", "a week", "100000", "\uff17"])
def test_what_is_kept_is_kept_for_ever_or_for_a_week_at_least(text: str) -> None:
    assert [parse_days(good) for good in ("0", "7", " 365 ")] == [0, 7, 365]
    with pytest.raises(EnvError):
        parse_days(text)


@pytest.mark.parametrize(
    "text",
    [
        *("garbage", "https://", "https://sentry.io/1", "https://key@/1", "https://key@sentry.io", "https://key@[x/1"),
        *("https://key@sentry.io/", "https://key@sentry.io/one", "ftp://key@sentry.io/1", "https://key@sentry.io:x/1"),
    ],
)
def test_a_dsn_that_sentry_cannot_read_stops_the_start(text: str) -> None:
    for good in ("", "https://key@o1.ingest.sentry.io/2", "http://key:old-secret@127.0.0.1:9000/path/3"):
        assert parse_dsn(good) == good
        assert not good or Dsn(good).public_key == "key"
    with pytest.raises((BadDsn, ValueError)):
        Dsn(text)
    with pytest.raises(EnvError):
        parse_dsn(text)


def test_a_wrong_dsn_is_one_line_that_does_not_repeat_it(tmp_path: Path) -> None:
    said = refusal_of(tmp_path, SENTRY_DSN="https://4711@sentry.io")

    (line,) = [line for line in said.splitlines() if "SENTRY_DSN" in line]
    assert line == "  SENTRY_DSN: a DSN is copied as Sentry shows it, like https://key@o1.ingest.sentry.io/2"
    assert "4711" not in said
    assert "sentry_sdk" not in said


def test_a_file_of_a_secret_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert "SECRET_KEY_FILE" in refusal_of(tmp_path, SECRET_KEY_FILE=str(tmp_path / "nothing"))


def test_production_names_every_missing_thing_at_once_with_what_makes_it(tmp_path: Path) -> None:
    said = refusal_of(tmp_path, DEBUG="False")

    reasons = [line for line in said.splitlines() if line.startswith("  ") and " is missing" in line]
    assert [line.split()[0] for line in reasons] == [
        "SECRET_KEY",
        "FIELD_ENCRYPTION_KEYS",
        "ALLOWED_HOSTS",
        "FRONTEND_URL",
    ]
    assert reasons[0].endswith(COMMAND)
    assert reasons[1].endswith(COMMAND)
    assert "ALLOWED_HOSTS=api.example.com" in reasons[2]
    assert "PUBLIC_URL" in reasons[3]


@pytest.mark.parametrize(
    "key",
    [
        "only-49-characters-0123456789-abcdefghijklmnopqrs",
        "development-only-key-that-production-refuses-to-start-with-0000",
        "django-insecure-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJ",
        "Change-me-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMN",
        "your-secret-key-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJ",
        "abc" * 20,
    ],
)
def test_a_key_that_others_know_or_guess_is_refused(key: str) -> None:
    with pytest.raises(ImproperlyConfigured) as refusal:
        refuse_unsafe_start({**SAFE, "SECRET_KEY": key})

    assert "SECRET_KEY is missing, short (under 50 characters) or an example" in str(refusal.value)
    assert COMMAND in str(refusal.value)
    assert key not in str(refusal.value)


def test_a_wildcard_is_no_name_of_a_host() -> None:
    with pytest.raises(ImproperlyConfigured, match="ALLOWED_HOSTS holds \\*"):
        refuse_unsafe_start({**SAFE, "ALLOWED_HOSTS": ["api.example.com", "*"]})


@pytest.mark.parametrize("name", ["FRONTEND_URL", "PUBLIC_URL"])
def test_production_starts_once_everything_is_set(tmp_path: Path, name: str) -> None:
    address = {"FRONTEND_URL": "", name: "https://www.example.com"}

    found = settings_of(tmp_path, "DEBUG", "SECURE_SSL_REDIRECT", **{**PRODUCTION, **address})

    assert found == {"DEBUG": False, "SECURE_SSL_REDIRECT": True}


def test_a_live_key_of_stripe_is_refused_while_debug_is_on(tmp_path: Path) -> None:
    key = "sk_live_" + "0123456789abcdef"

    said = refusal_of(tmp_path, DEBUG="True", STRIPE_SECRET_KEY=key)

    assert "STRIPE_SECRET_KEY is a live key while DEBUG is on" in said
    assert key not in said
    assert settings_of(tmp_path, "DEBUG", **PRODUCTION, STRIPE_SECRET_KEY=key) == {"DEBUG": False}
