"""A site in production: people, mail and log."""

import json
import shutil
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import requests

from tests.deploy.test_image import HASTY
from tests.faults.servers import Web, free_port, in_site, production, wait_until
from tests.shared.outbox import SendGrid

STAFF, STUDENT = "staff@example.com", "student@example.com"
SECONDS = 30.0  # for an answer of a busy machine
Json = dict[str, Any]

# Makes a member of the staff, a student and a course, and prints an access token of the student that is over.
SEED = """
import django
django.setup()
from datetime import timedelta
from django.contrib.auth.hashers import make_password
from audit.actor import Actor
from courses.models import Course
from users.models import User
from users.services.sessions import open_session
from users.tokens import AccessToken
Course.objects.create(title="Sailing", slug="sailing", is_published=True, currency="usd")
password = make_password("correct-horse-9")
User.objects.create(email="staff@example.com", password=password, is_staff=True, is_superuser=True)
student = User.objects.create(email="student@example.com", password=password, first_name="Ada")
token = AccessToken.of(open_session(student, by=Actor(ip_address="192.0.2.20")))
token.set_exp(lifetime=timedelta(minutes=-1))
print(token)
"""


@dataclass(frozen=True)
class Prepared:
    """What every site starts from: collected static files, a filled database, a token in it that is over."""

    static: Path
    database: Path
    expired: str

    @classmethod
    def in_folder(cls, folder: Path) -> Self:
        """Collect and fill; static files are compressed in haste, instead of half a minute of both cores."""
        static, database = folder / "static", folder / "db.sqlite3"
        variables = production(folder, DB_NAME=str(database), STATIC_ROOT=str(static), PYTHONPATH=str(folder))
        in_site(variables, "manage.py", "migrate", "--verbosity", "0")
        expired = in_site(variables, "-c", SEED).strip()
        (folder / "sitecustomize.py").write_text(HASTY)
        collect = ["collectstatic", "--noinput", "--verbosity", "0", "--settings", "tests.browser.site_settings"]
        in_site(variables, "manage.py", *collect)
        return cls(static, database, expired)


class Site(Web):
    """gunicorn on a database of its own; it mails to a SendGrid of this machine."""

    def __init__(self, folder: Path, prepared: Prepared, mails: SendGrid, *, frontend: str) -> None:
        port = free_port()
        self.url, self.folder, self.mails, self.expired = f"http://127.0.0.1:{port}", folder, mails, prepared.expired
        own = {
            "DJANGO_SETTINGS_MODULE": "tests.browser.site_settings",
            "STATIC_ROOT": str(prepared.static),
            "DB_NAME": str(shutil.copy(prepared.database, folder / "db.sqlite3")),
            "FRONTEND_URL": "",  # the mailed links lead to our own pages
            "PUBLIC_URL": self.url,
            "CORS_ALLOWED_ORIGINS": frontend,
            "REQUIRE_STAFF_2FA": "True",
            "LOGIN_REFUSAL_SECONDS": "0",
            "SENDGRID_API_KEY": "SG.a-key-of-the-tests",
            "SENDGRID_API_BASE": f"http://127.0.0.1:{mails.port}",
        }
        super().__init__(production(folder, **own), port=port)

    def post(self, path: str, body: Json, *, status: int, agent: str = "a program") -> Json:
        """Post to the API as a program does, and return what it answers with `status`."""
        url, headers = f"{self.url}/api/v1/{path}", {"User-Agent": agent}
        answer = requests.post(url, json=body, headers=headers, timeout=SECONDS)
        assert answer.status_code == status, answer.text
        answered: Json = answer.json()
        return answered

    def write(self, **words: str) -> None:
        """Send the contact form as somebody who took the time."""
        form = {"name": "Vera Visitor", "email": "vera@example.com", "message": "When does the course begin?"}
        self.post("contacts/contacts/", {**form, "elapsed_ms": 60_000, **words}, status=201)

    def mail_to(self, address: str) -> str:
        """Return the text of the newest mail to an address, as soon as one has come."""
        found: list[str] = []

        def has_come() -> bool:
            messages = [received.message for received in self.mails.received]
            found[:] = [mail["content"][0]["value"] for mail in messages if address in json.dumps(mail)]
            return bool(found)

        wait_until(has_come, SECONDS)
        return found[-1]

    def logged_paths(self, method: str) -> list[str]:
        """Return the paths of the requests of one method, oldest first; a preflight is answered before it has any."""
        time.sleep(0.2)  # seconds; the log is written after the answer
        lines = [json.loads(line) for line in (self.folder / "logs" / "titanobova.log").read_text().splitlines()]
        return [line["path"] for line in lines if line.get("method") == method]

    def count_contacts(self) -> int:
        """Return how many messages are stored."""
        with closing(sqlite3.connect(self.folder / "db.sqlite3")) as database:
            return int(database.execute("SELECT count(*) FROM contacts_contact").fetchone()[0])
