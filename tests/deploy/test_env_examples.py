""".env.example and .env.production.example against what the code reads."""

import ast
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from tests.deploy.conftest import ROOT, clean_environment
from titanobova.env import new_secrets

EXAMPLE = (ROOT / ".env.example").read_text()
PRODUCTION = (ROOT / ".env.production.example").read_text()
SOURCES = ("titanobova/settings.py", "deploy/gunicorn.conf.py")
LISTED = dict(re.findall(r"(?m)^#([A-Z0-9_]+)=(.*)$", EXAMPLE))
PROMISED = """
    DEBUG SECRET_KEY DB_HOST REDIS_HOST SENDGRID_API_KEY STRIPE_SECRET_KEY ALLOWED_HOSTS DB_NAME DB_USER
    DB_PASSWORD DB_PORT REDIS_PORT REDIS_PASSWORD CORS_ALLOWED_ORIGINS STRIPE_WEBHOOK_SECRET DEFAULT_FROM_EMAIL
    SUPPORT_EMAIL SENTRY_DSN SENTRY_ENVIRONMENT TRUSTED_PROXY_COUNT FIELD_ENCRYPTION_KEYS LEGACY_JWT_SECRET
    LOG_LEVEL HTTPS_ONLY DEFAULT_CURRENCY FRONTEND_URL PUBLIC_URL EMAIL_HOST STRIPE_API_BASE REQUIRE_STAFF_2FA
    NODE_DB_URL WEB_CONCURRENCY LOG_DIR DB_STATEMENT_TIMEOUT LOGIN_REFUSAL_SECONDS
"""


def variables_read() -> dict[str, ast.expr]:
    """Return each variable that the settings and gunicorn's configuration read, with the default in the code."""
    read: dict[str, ast.expr] = {}
    for source in SOURCES:
        for node in ast.walk(ast.parse((ROOT / source).read_text())):
            if isinstance(node, ast.Call) and re.match(r"env(ironment)?\.\w+$", ast.unparse(node.func)):
                read[ast.literal_eval(node.args[0])] = node.args[1]
    return read


def python(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run `code` with the settings of `folder` alone."""
    environment = clean_environment(folder)
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def uncommented(text: str) -> dict[str, str]:
    return dict(re.findall(r"(?m)^([A-Z0-9_]+)=(.*)$", text))


def test_every_variable_that_is_read_or_promised_is_listed() -> None:
    read = variables_read()

    assert {"DB_HOST", "GUNICORN_THREADS"} <= read.keys()  # both sources were read
    assert read.keys() | set(re.findall(r"\w+", PROMISED)) <= LISTED.keys()


def test_no_variable_is_listed_that_nothing_reads() -> None:
    only_told_of = {"LEGACY_JWT_SECRET", "ENV_DIR"}  # reserved; read by titanobova/env.py before any file

    assert LISTED.keys() - variables_read().keys() == only_told_of


def test_the_listed_default_is_the_one_in_the_code() -> None:
    plain = {name: node.value for name, node in variables_read().items() if isinstance(node, ast.Constant)}

    assert {name: LISTED[name] for name in plain} == {name: str(value) for name, value in plain.items()}


def test_every_variable_is_explained_and_none_is_set() -> None:
    lines = EXAMPLE.splitlines()

    assert [line for before, line in pairwise(lines) if is_setting(line) and not is_reason(before)] == []
    assert uncommented(EXAMPLE) == {}


def is_setting(line: str) -> bool:
    return bool(re.match(r"#[A-Z0-9_]+=", line))


def is_reason(line: str) -> bool:
    return bool(re.match(r"# [A-Z].*\.$", line))


def test_the_production_example_holds_no_secret_and_leaves_room_for_each() -> None:
    settings = uncommented(PRODUCTION)

    assert settings["DEBUG"] == "False"
    secrets = {"SECRET_KEY", "FIELD_ENCRYPTION_KEYS", "DB_PASSWORD", "REDIS_PASSWORD"}
    assert {name for name, value in settings.items() if not value} == secrets
    assert settings.keys() <= LISTED.keys()


def test_new_secrets_is_the_one_step_to_a_production_start(tmp_path: Path) -> None:
    (tmp_path / ".env.production.example").write_text(PRODUCTION)
    new_secrets(tmp_path)

    answer = python("from titanobova import settings as s; print(s.DEBUG, s.DB_HOST, s.ALLOWED_HOSTS)", tmp_path)

    assert answer.stderr == ""
    assert answer.stdout == "False db ['localhost', '127.0.0.1']\n"


@pytest.mark.parametrize("name", ["SECRET_KEY", "FIELD_ENCRYPTION_KEYS"])
def test_the_production_example_itself_does_not_start(tmp_path: Path, name: str) -> None:
    (tmp_path / ".env.production").write_text(PRODUCTION)

    answer = python("import titanobova.settings", tmp_path)

    assert answer.returncode != 0
    assert f"{name} is missing" in answer.stderr
