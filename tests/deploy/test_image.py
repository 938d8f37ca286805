"""Dockerfile and .dockerignore: what the image holds, and that its very commands work, without Docker."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.deploy.conftest import ROOT, SECONDS, Gunicorn, clean_environment
from titanobova.env import new_secrets

INSTRUCTIONS = [
    " ".join(line.split())
    for line in re.sub(r"\\\n", " ", re.sub(r"(?m)^#.*\n", "", (ROOT / "Dockerfile").read_text())).splitlines()
    if line
]
LAST_STAGE = INSTRUCTIONS[max(i for i, line in enumerate(INSTRUCTIONS) if line.startswith("FROM ")) :]
LET_IN = re.findall(r"(?m)^!(.+)$", (ROOT / ".dockerignore").read_text())


def in_exec_form(instruction: str) -> list[str]:
    """Return the words of CMD, or of the CMD of HEALTHCHECK, of the image."""
    [line] = [line for line in LAST_STAGE if line.startswith(instruction)]
    words: list[str] = json.loads(line[line.index("[") :])
    return words


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """Return a copy of what the image's /app holds, with `.env.production` beside it."""
    for name in LET_IN:
        target = tmp_path / "app" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, target)
    shutil.copy(ROOT / ".env.production.example", tmp_path)
    new_secrets(tmp_path)
    return tmp_path / "app"


def test_both_stages_stand_on_the_slim_python_and_the_last_one_installs_what_backups_need_alone() -> None:
    bases = [line for line in INSTRUCTIONS if line.startswith("FROM ")]

    assert bases == ["FROM python:3.11-slim AS builder", "FROM python:3.11-slim"]
    [installing] = [line for line in LAST_STAGE if re.search(r"apt|pip|gcc|build-essential", line)]
    assert re.findall(r"install (?:--\S+ )*([^&]+?) &&", installing) == ["postgresql-client"]


def test_only_wheels_with_known_hashes_are_installed() -> None:
    [install] = [line for line in INSTRUCTIONS if "pip install" in line]

    assert "--require-hashes --only-binary :all: -r requirements.txt" in install


def test_the_image_runs_as_a_user_without_rights_in_production() -> None:
    assert "USER 10001:10001" in LAST_STAGE
    assert LAST_STAGE.index("USER 10001:10001") > max(
        i for i, line in enumerate(LAST_STAGE) if line.startswith(("COPY ", "RUN "))
    )
    assert re.search(r"ENV .*DEBUG=False", " ".join(LAST_STAGE))
    assert not any("--chown" in line for line in LAST_STAGE)  # the code stays root's


def test_gunicorn_is_process_1() -> None:
    assert in_exec_form("CMD") == ["gunicorn", "-c", "deploy/gunicorn.conf.py", "titanobova.wsgi:application"]
    assert not any(line.startswith("ENTRYPOINT") for line in LAST_STAGE)


def test_nothing_enters_the_image_that_is_not_named() -> None:
    rules = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if not line.startswith("#")]

    assert rules[0] == "*"
    secret = {".env", ".env.production", "**/.env", "**/.env.production"}
    assert not secret & set(LET_IN)
    assert {"**/.env", "**/.env.production"} <= set(rules)
    assert not any("SECRET" in line or "PASSWORD" in line for line in INSTRUCTIONS)


def test_the_image_holds_every_application(app: Path) -> None:
    environment = clean_environment(app.parent, LOG_DIR=str(app.parent / "logs"))
    check = [sys.executable, "manage.py", "collectstatic", "--noinput", "--dry-run"]
    answer = subprocess.run(check, cwd=app, env=environment, capture_output=True, text=True, check=False)

    assert answer.returncode == 0, answer.stderr
    assert re.search(r"Pretending to copy .*unfold", answer.stdout)


def test_the_command_of_the_image_serves_and_its_health_check_sees_it(
    app: Path, start_gunicorn: Callable[..., Gunicorn]
) -> None:
    variables = {"DEBUG": "False", "ENV_DIR": str(app.parent), "LOG_DIR": str(app.parent / "logs")}
    gunicorn = start_gunicorn(*in_exec_form("CMD")[1:], folder=app, **variables)

    assert gunicorn.ask("/health/live").status == 200

    check = [sys.executable, *in_exec_form("HEALTHCHECK")[1:]]
    environment = clean_environment(app, GUNICORN_BIND=f"0.0.0.0:{gunicorn.port}", ALLOWED_HOSTS="localhost")
    assert subprocess.run(check, cwd=app, env=environment, timeout=SECONDS, check=False).returncode == 0
    gunicorn.stop()
    assert subprocess.run(check, cwd=app, env=environment, timeout=SECONDS, check=False).returncode == 1


# Instead of half a minute of both cores for the best compression.
HASTY = "import brotli; best = brotli.compress; brotli.compress = lambda text: best(text, quality=1)\n"


@pytest.mark.external  # every static file is compressed twice
def test_the_build_collects_the_static_files_that_production_asks_for(app: Path, tmp_path: Path) -> None:
    [build] = [line.removeprefix("RUN ") for line in INSTRUCTIONS if "collectstatic" in line]
    (tmp_path / "hasty").mkdir()
    (tmp_path / "hasty" / "sitecustomize.py").write_text(HASTY)
    environment = clean_environment(tmp_path / "home", PYTHONPATH=str(tmp_path / "hasty"))

    subprocess.run(
        ["sh", "-c", build.replace("/tmp/build", str(tmp_path / "build"))], cwd=app, env=environment, check=True
    )

    manifest = json.loads((app / "staticfiles" / "staticfiles.json").read_text())
    stylesheet = app / "staticfiles" / manifest["paths"]["unfold/css/styles.css"]
    assert stylesheet.is_file()
    assert stylesheet.with_name(f"{stylesheet.name}.br").is_file()
    assert not list(app.rglob(".env.production"))
