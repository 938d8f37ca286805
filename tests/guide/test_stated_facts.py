"""What the migration guide states without showing it: figures, lists of fields, names of settings, files and ports."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest
import yaml
from cryptography.fernet import Fernet
from django.conf import settings as current
from django.core.management import get_commands
from django.db.models import Model, UUIDField
from django.test import Client
from pytest_django import Settings
from rest_framework.test import APIClient

from audit.models import AuditLog
from contacts.models import Contact
from tests.conftest import PASSWORD
from tests.guide.document import (
    OWN_ADDRESS,
    Field,
    audit_fields,
    block,
    environment,
    find,
    find_all,
    model_fields,
    quota,
)
from titanobova import throttling
from users.models import User

Login = Callable[[User], APIClient]

ROOT = Path(__file__).resolve().parents[2]
SECONDS = {"hour": 3600}
COURSES, PROFILE, TOKEN, LOGS = (
    f"/api/v1/{path}/" for path in ("courses/courses", "users/profile", "auth/token", "audit/logs")
)
REMARKS = {(model, field.name): field.remark for model in ("Users", "Contacts") for field in model_fields(model)}


# --- Rate limits ------------------------------------------------------------------------------------------------
def test_visitors_have_the_guides_quota_per_address(anonymous: APIClient, db: None) -> None:
    requests, period = quota("Anonymous Users")

    statuses = [anonymous.get(COURSES).status_code for _ in range(requests)]
    refusal = anonymous.get(COURSES)

    assert set(statuses) == {200}
    assert refusal.status_code == 429
    assert SECONDS[period] - 60 < int(refusal.headers["Retry-After"]) <= SECONDS[period]
    assert anonymous.get(COURSES, REMOTE_ADDR="198.51.100.7").status_code == 200


def test_people_have_the_guides_quota_from_wherever_they_ask(api: Login, student: User) -> None:
    requests, period = quota("Authenticated Users")
    client = api(student)
    first = client.get(PROFILE)
    for _ in range(requests - 2):
        throttling.spend("user", str(student.pk))

    assert (first.headers["RateLimit-Limit"], first.headers["RateLimit-Reset"]) == (str(requests), str(SECONDS[period]))
    assert client.get(PROFILE).status_code == 200
    assert client.get(PROFILE, REMOTE_ADDR="198.51.100.7").status_code == 429


def test_the_staff_have_no_quota(api: Login, staff: User, settings: Settings) -> None:
    find(r"^Admin Users: Unlimited")
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "anon": (1, 3600), "user": (1, 3600)}
    client = api(staff)

    answers = [client.get(PROFILE) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert "RateLimit-Limit" not in answers[0].headers


# --- Data models ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("field", model_fields("Users"), ids=lambda field: field.name)
def test_a_user_has_the_field(field: Field) -> None:
    assert User._meta.get_field(field.name)


@pytest.mark.parametrize("field", model_fields("Contacts"), ids=lambda field: field.name)
def test_a_contact_has_the_field(field: Field) -> None:
    assert Contact._meta.get_field(field.name)


@pytest.mark.parametrize(("listed", "model"), [("Users", User), ("Contacts", Contact)])
def test_ids_are_of_the_guides_type(listed: str, model: type[Model]) -> None:
    assert REMARKS[listed, "id"] == "UUID"
    assert isinstance(model._meta.pk, UUIDField)


def test_passwords_are_hashed_as_the_guide_says(anonymous: APIClient, db: None) -> None:
    anonymous.post("/api/v1/users/register/", {"email": "new@example.com", "password": PASSWORD})

    assert User.objects.get().password.startswith(REMARKS["Users", "password"].lower())


def test_a_contact_has_the_guides_states_and_people() -> None:
    assert list(Contact.Status.values) == REMARKS["Contacts", "status"].split("/")
    for name in ("user", "responded_by"):
        assert Contact._meta.get_field(name).related_model is User, REMARKS["Contacts", name]


# --- Audit log --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("field", audit_fields(), ids=lambda field: field.name)
def test_the_log_holds_the_field(api: Login, staff: User, field: Field) -> None:
    client = api(staff)
    client.patch(PROFILE, {"bio": "New."}, headers={"User-Agent": "a browser"})

    [row] = client.get(LOGS, {"action": "update"}).json()["results"]

    assert row[field.name]
    assert AuditLog._meta.get_field(field.name)


def test_the_log_knows_the_guides_actions_and_no_other() -> None:
    [remark] = [field.remark for field in audit_fields() if field.name == "action"]

    assert list(AuditLog.Action.values) == remark.split(", ")


def test_the_guides_address_of_the_log_leads_to_it_and_keeps_the_query(staff: User, client: Client) -> None:
    [address] = find_all(r"^(/admin/\S+)$", block("Audit Logging"))
    client.force_login(staff, backend="users.backends.SessionOnlyBackend")

    answer = client.get(f"{address}?action__exact=login", follow=True)

    assert answer.redirect_chain == [("/admin/audit/auditlog/?action__exact=login", 302)]
    assert answer.status_code == 200


# --- The admin and the documentation ----------------------------------------------------------------------------
@pytest.mark.parametrize("section", find(r"^- View: ([^\n]+)")[0].split(", "))
def test_the_admin_has_the_section(staff: User, client: Client, section: str) -> None:
    client.force_login(staff, backend="users.backends.SessionOnlyBackend")
    applications = client.get("/admin/").context["app_list"]

    addresses = [
        model["admin_url"]
        for application in applications
        for model in application["models"]
        if str(model["name"]).lower() == section.lower()
    ]

    assert len(addresses) == 1
    assert client.get(addresses[0]).status_code == 200


@pytest.mark.parametrize(("accept", "kind"), [("text/html", "text/html"), ("application/json", "application/json")])
def test_the_documentation_is_at_the_guides_address(anonymous: APIClient, db: None, accept: str, kind: str) -> None:
    path = find(r"API docs: http://localhost:8000(\S+)")[0]

    answer = anonymous.get(path, headers={"Accept": accept})

    assert (answer.status_code, answer.headers["Content-Type"].split(";")[0]) == (200, kind)


# --- Settings, files, ports, commands ---------------------------------------------------------------------------
BACKEND = environment("Backend (.env.production)")


def read_settings(folder: Path, names: list[str], **variables: str) -> "subprocess.CompletedProcess[str]":
    """Print settings as JSON in a process of its own, whose only files of variables are those of `folder`."""
    code = (
        f"import json; from titanobova import settings as s; print(json.dumps([str(getattr(s, n)) for n in {names}]))"
    )
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"ENV_DIR": str(folder), **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_guides_production_file_is_read_name_by_name(tmp_path: Path) -> None:
    (tmp_path / ".env.production").write_text(block("Backend (.env.production)"))
    own = {"SECRET_KEY": "0123456789abcdef" * 4}  # instead of the guide's example, which is refused below
    key = Fernet.generate_key().decode()
    needed = {"FIELD_ENCRYPTION_KEYS": key, "ALLOWED_HOSTS": "example.com", "PUBLIC_URL": "https://example.com"}

    ended = read_settings(tmp_path, list(BACKEND), **own, **needed)

    assert ended.returncode == 0, ended.stderr
    assert dict(zip(BACKEND, json.loads(ended.stdout), strict=True)) == BACKEND | own


def test_production_does_not_start_with_the_guides_example_of_a_secret(tmp_path: Path) -> None:
    (tmp_path / ".env.production").write_text(block("Backend (.env.production)"))

    ended = read_settings(tmp_path, ["SECRET_KEY"])

    assert ended.returncode != 0
    assert "SECRET_KEY is missing, short" in ended.stderr
    assert BACKEND["SECRET_KEY"] not in ended.stderr


@pytest.mark.parametrize("path", find_all(r"tail -f titanobova-django/(\S+)"))
def test_the_log_file_is_written(anonymous: APIClient, db: None, tmp_path: Path, path: str) -> None:
    folder, name = path.split("/")
    assert read_settings(tmp_path, ["LOG_DIR"]).stdout == json.dumps([str(ROOT / folder)]) + "\n"
    file = current.LOG_DIR / name
    already = len(file.read_text().splitlines()) if file.exists() else 0

    anonymous.post(TOKEN, {"email": "nobody@example.com", "password": "wrong-horse-9"})

    lines = [json.loads(line) for line in file.read_text().splitlines()[already:]]
    assert [line.get("event") for line in lines].count("auth.login.failed") == 1


@pytest.mark.parametrize("origin", ["http://localhost:5173", "https://www.example.com"])
def test_origins_that_the_setting_names_may_read_answers(
    anonymous: APIClient, db: None, settings: Settings, origin: str
) -> None:
    assert find(r"\*\*CORS Error\*\*: Update (\w+)") == ("CORS_ALLOWED_ORIGINS",)
    asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    settings.CORS_ALLOWED_ORIGINS = []
    assert "Access-Control-Allow-Origin" not in anonymous.options(TOKEN, headers=asked).headers

    settings.CORS_ALLOWED_ORIGINS = [origin]

    assert anonymous.options(TOKEN, headers=asked).headers["Access-Control-Allow-Origin"] == origin


def test_the_frontend_of_the_guide_is_an_allowed_origin_in_development() -> None:
    assert "npm run dev" in block("Local Testing")  # Vite's own port is 5173

    assert "http://localhost:5173" in current.CORS_ALLOWED_ORIGINS


def test_everything_serves_on_the_guides_port() -> None:
    [port] = find(r"^Port (\d+): Django backend")
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]

    assert find_all(r"http://localhost:(\d+)") == [port]
    assert OWN_ADDRESS.endswith(f":{port}")
    assert f"\nPORT ?= {port}\n" in (ROOT / "Makefile").read_text()
    assert "web" in services  # docker-compose logs -f web
    assert any(str(mapping).split(":")[-2] == port for mapping in services["nginx"]["ports"])


@pytest.mark.parametrize("command", find_all(r"python manage\.py (\w+)"))
def test_the_command_exists(command: str) -> None:
    assert command in get_commands()


def test_the_guides_local_start_needs_no_setting(tmp_path: Path) -> None:
    commands = find_all(r"^(python manage\.py \w+)$", block("Local Testing"))
    assert commands == ["python manage.py migrate", "python manage.py runserver"]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # Only where it writes is set, so that the developer's own database and logs stay out of it.
    variables = {"ENV_DIR": str(tmp_path), "DB_NAME": str(tmp_path / "db.sqlite3"), "LOG_DIR": str(tmp_path / "logs")}
    run: dict[str, Any] = {
        "cwd": ROOT,
        "env": {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", **variables},
    }

    subprocess.run(commands[0].split(), **run, check=True, capture_output=True, timeout=100)
    again = subprocess.run(commands[0].split(), **run, check=True, capture_output=True, timeout=100)
    with subprocess.Popen([*commands[1].split(), "--noreload", f"127.0.0.1:{port}"], **run) as server:
        try:
            status = first_status(f"http://127.0.0.1:{port}/api/v1/")
        finally:
            server.terminate()

    assert b"No migrations to apply" in again.stdout
    assert status == 200


def first_status(url: str) -> int:
    """Return the status of the first answer, for which a server that is starting has 60 seconds."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            with urlopen(url, timeout=10) as answer:
                status: int = answer.status
                return status
        except URLError:
            time.sleep(0.1)
    raise TimeoutError(url)
