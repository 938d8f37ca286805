"""Where settings come from, which source wins, and how their texts are read."""

import shutil
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from environs import EnvError

from tests.shared.starting import PRODUCTION, settings_of, start
from titanobova.crypto import derive_key
from titanobova.env import BASE_DIR, parse_rate

NOT_IN_A_CLONE = shutil.ignore_patterns(
    ".git", ".venv", ".env", ".env.production", "*.sqlite3*", "logs", "media", ".*cache*", "__pycache__", "tests"
)
ASK = """
import django
django.setup()
from django.test import Client
print(Client(SERVER_NAME="localhost").get("/api/v1/").status_code)
"""


def test_a_clean_clone_migrates_and_answers_without_any_environment(tmp_path: Path) -> None:
    clone = shutil.copytree(BASE_DIR, tmp_path / "clone", ignore=NOT_IN_A_CLONE)

    first = start(clone, "manage.py", "migrate", cwd=clone)
    second = start(clone, "manage.py", "migrate", cwd=clone)
    answer = start(clone, "-c", ASK, cwd=clone)

    assert first.returncode == second.returncode == 0, first.stderr + second.stderr
    assert "No migrations to apply" in second.stdout
    assert answer.stdout.strip() == "200", answer.stderr
    assert (clone / "db.sqlite3").is_file()


def test_without_an_environment_one_process_serves_by_itself(tmp_path: Path) -> None:
    found = settings_of(tmp_path, "DEBUG", "DATABASES", "CACHES", "EMAIL_BACKEND", "CELERY_TASK_ALWAYS_EAGER")

    assert found["DEBUG"] is True
    assert found["DATABASES"]["default"]["ENGINE"].endswith("sqlite3")
    assert found["CACHES"]["default"]["BACKEND"].endswith("LocMemCache")
    assert found["EMAIL_BACKEND"].endswith("console.EmailBackend")
    assert found["CELERY_TASK_ALWAYS_EAGER"] is True


def test_hosts_of_services_switch_to_them(tmp_path: Path) -> None:
    found = settings_of(
        tmp_path, "DATABASES", "CACHES", "CELERY_BROKER_URL", DB_HOST="db", REDIS_HOST="redis", REDIS_PASSWORD="p/@:#"
    )

    database = found["DATABASES"]["default"]
    assert database["ENGINE"] == "titanobova.postgresql"
    assert "pool" in database["OPTIONS"]
    assert found["CACHES"]["default"]["BACKEND"] == "django_redis.cache.RedisCache"
    assert found["CELERY_BROKER_URL"] == "redis://:p%2F%40%3A%23@redis:6379/0"


def test_a_file_counts_as_the_environment_does(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SUPPORT_EMAIL=from-env@example.com\n")

    assert settings_of(tmp_path, "SUPPORT_EMAIL")["SUPPORT_EMAIL"] == "from-env@example.com"


def test_the_production_file_counts_whenever_it_exists(tmp_path: Path) -> None:
    lines = "\n".join(f"{name}={value}" for name, value in PRODUCTION.items())
    (tmp_path / ".env.production").write_text(f"{lines}\nSUPPORT_EMAIL=from-production@example.com\n")

    found = settings_of(tmp_path, "DEBUG", "SUPPORT_EMAIL")

    assert found == {"DEBUG": False, "SUPPORT_EMAIL": "from-production@example.com"}


def test_the_environment_comes_before_env_and_env_before_production(tmp_path: Path) -> None:
    lines = "\n".join(f"{name}={value}" for name, value in PRODUCTION.items())
    (tmp_path / ".env").write_text("SUPPORT_EMAIL=2@example.com\nDB_NAME=second\n")
    (tmp_path / ".env.production").write_text(f"{lines}\nSUPPORT_EMAIL=3@example.com\nDB_NAME=third\nDB_USER=third\n")

    found = settings_of(tmp_path, "SUPPORT_EMAIL", "DB_NAME", "POSTGRESQL", SUPPORT_EMAIL="1@example.com", DB_HOST="db")

    assert found["SUPPORT_EMAIL"] == "1@example.com"
    assert found["DB_NAME"] == "second"
    assert found["POSTGRESQL"]["USER"] == "third"


@pytest.mark.parametrize("debug", ["True", "1"])
def test_a_developers_start_never_reads_the_production_file(tmp_path: Path, debug: str) -> None:
    (tmp_path / ".env.production").write_text("SUPPORT_EMAIL=from-production@example.com\n")

    found = settings_of(tmp_path, "DEBUG", "SUPPORT_EMAIL", DEBUG=debug)

    assert found == {"DEBUG": True, "SUPPORT_EMAIL": "support@titanobova.com"}


def test_debug_in_env_keeps_the_production_file_out_too(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("DEBUG=True\n")
    (tmp_path / ".env.production").write_text("SUPPORT_EMAIL=from-production@example.com\n")

    assert settings_of(tmp_path, "SUPPORT_EMAIL")["SUPPORT_EMAIL"] == "support@titanobova.com"


@pytest.mark.parametrize("word", ["False", "off"])
def test_the_word_false_is_false(tmp_path: Path, word: str) -> None:
    assert settings_of(tmp_path, "DEBUG", **{**PRODUCTION, "DEBUG": word})["DEBUG"] is False


def test_a_value_may_come_from_a_file_of_secrets(tmp_path: Path) -> None:
    secret = tmp_path / "db_password"
    secret.write_text("from a file\n")

    found = settings_of(tmp_path, "POSTGRESQL", DB_PASSWORD_FILE=str(secret))

    assert found["POSTGRESQL"]["PASSWORD"] == "from a file"


def test_the_environment_comes_before_a_file_that_env_names(tmp_path: Path) -> None:
    secret = tmp_path / "db_password"
    secret.write_text("from a file")
    (tmp_path / ".env").write_text(f"DB_PASSWORD_FILE={secret}\n")

    assert settings_of(tmp_path, "POSTGRESQL", DB_PASSWORD="given")["POSTGRESQL"]["PASSWORD"] == "given"


def test_a_password_of_a_file_is_taken_as_it_is_written(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("DB_PASSWORD='a${HOME}b$c#d'\n")

    assert settings_of(tmp_path, "POSTGRESQL")["POSTGRESQL"]["PASSWORD"] == "a${HOME}b$c#d"


def test_lists_may_hold_spaces_and_empty_items(tmp_path: Path) -> None:
    found = settings_of(
        tmp_path,
        "ALLOWED_HOSTS",
        "STRIPE_WEBHOOK_SECRETS",
        ALLOWED_HOSTS="a.example, b.example,",
        STRIPE_WEBHOOK_SECRET="whsec_new, ,whsec_old,",
    )

    assert found["ALLOWED_HOSTS"] == ["a.example", "b.example"]
    assert found["STRIPE_WEBHOOK_SECRETS"] == ["whsec_new", "whsec_old"]


def test_an_address_ends_without_a_slash(tmp_path: Path) -> None:
    given = {"FRONTEND_URL": " https://www.example.com/app/ ", "STRIPE_API_BASE": "http://127.0.0.1:4711/"}

    found = settings_of(tmp_path, *given, **given)

    assert found == {"FRONTEND_URL": "https://www.example.com/app", "STRIPE_API_BASE": "http://127.0.0.1:4711"}


def test_the_header_of_a_proxy_is_believed_only_behind_one(tmp_path: Path) -> None:
    alone = settings_of(tmp_path, "SECURE_PROXY_SSL_HEADER")
    behind = settings_of(tmp_path, "SECURE_PROXY_SSL_HEADER", TRUSTED_PROXY_COUNT="1")

    assert alone["SECURE_PROXY_SSL_HEADER"] is None
    assert behind["SECURE_PROXY_SSL_HEADER"] == ["HTTP_X_FORWARDED_PROTO", "https"]


def test_the_figures_of_the_limits_are_settings(tmp_path: Path) -> None:
    limits = settings_of(tmp_path, "RATE_LIMITS", RATE_LIMIT_LOGIN="7/2minutes")["RATE_LIMITS"]

    assert limits["anon"] == [100, 3600]
    assert limits["user"] == [1000, 3600]
    assert limits["login"] == [7, 120]


@pytest.mark.parametrize(
    ("text", "rate"),
    [("100/hour", (100, 3600)), ("5/10minute", (5, 600)), (" 1/second ", (1, 1)), ("0/day", (0, 86_400))],
)
def test_a_rate_is_requests_in_a_period(text: str, rate: tuple[int, int]) -> None:
    assert parse_rate(text) == rate


@pytest.mark.parametrize("text", ["", "100", "100/", "/hour", "-1/hour", "1.5/hour", "9/0hour", "9/week", "٣/hour"])
def test_a_text_that_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(EnvError):
        parse_rate(text)


def test_tokens_are_signed_with_a_key_of_their_own() -> None:
    signing_key = django_settings.SIMPLE_JWT["SIGNING_KEY"]

    assert signing_key == derive_key(django_settings.SECRET_KEY, "jwt").hex()
    assert django_settings.SECRET_KEY not in signing_key
    assert derive_key(django_settings.SECRET_KEY, "fields").hex() != signing_key
