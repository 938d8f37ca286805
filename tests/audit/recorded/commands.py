"""What the commands record."""

from datetime import timedelta
from io import StringIO
from typing import Any
from unittest.mock import patch

from django.core.management import call_command
from django.test import override_settings
from django.utils import timezone

from audit.sealing import seal_log
from audit.services import record
from tests.audit.recorded.world import NEW_PASSWORD, NOBODY, Send, World, case
from tests.shared.aged import days_ago, made
from titanobova.models import OutgoingMail
from titanobova.site.demo import SAMPLE
from users.models import LoginAttempt

# What changes nothing, cannot be recorded in the log, or is tried elsewhere; each with its reason.
UNRECORDED = {
    "backup": "writes site.backup.made; its own tests make the files and look for the row",
    "check_ledger": "reads",
    "doctor": "reads",
    "restore": "writes site.backup.restored into the database that it has put in place; likewise",
    "verify_audit": "reads",
    "seal_audit": "a row about the seal would need a seal; its fact is the line in security.log",
    "run_demo": "calls migrate and seed_demo, and serves",
    "reconcile_payments": "each repair has the row of what it repairs; the rest is read",
}


@case("COMMAND createsuperuser", "users.superuser.created")
def make_a_superuser(world: World) -> Send:
    environment = {"DJANGO_SUPERUSER_PASSWORD": NEW_PASSWORD}

    def send() -> None:
        with patch.dict("os.environ", environment):
            _call("createsuperuser", "--no-input", email="root@example.com")

    return send


@case("COMMAND changepassword", "auth.password.changed")
def set_a_password(world: World) -> Send:
    def send() -> None:
        with patch("titanobova.site.management.commands.changepassword.getpass", lambda prompt: NEW_PASSWORD):
            _call("changepassword", world.student.email)

    return send


@case("COMMAND rotate_keys", "auth.keys.rotated", kept=("users_user",))  # each secret stays what it is
def rotate_keys(world: World) -> Send:
    world.protected()
    return lambda: _call("rotate_keys")


@case("COMMAND purge_contacts", "contacts.purged")
def purge_contacts(world: World) -> Send:
    contact = world.contact()
    type(contact).objects.update(status="closed", created_at=timezone.now() - timedelta(days=9))
    return lambda: _call("purge_contacts", "--older-than", "7")


@case("COMMAND purge_audit", "audit.purged")
def purge_audit(world: World) -> Send:
    record("update", "x", by=NOBODY)
    seal_log()
    return lambda: _call("purge_audit", "--before", timezone.now().isoformat())


@case("COMMAND apply_retention", *["site.retention.applied"] * 2)
def apply_retention(world: World) -> Send:
    sent = {"status": "sent", "sent_at": days_ago(100)}
    OutgoingMail.objects.create(id=made(100)["id"], recipient="a@example.com", subject="x", text="x", **sent)
    LoginAttempt.objects.create(email="nobody@example.com", outcome="wrong", **made(200))
    return lambda: _call("apply_retention")


@case("COMMAND import_from_nodejs", "import.finished", kept=("*",))
def import_the_old_site(world: World) -> Send:
    return lambda: _call("import_from_nodejs", str(SAMPLE))


@case("COMMAND seed_demo", "users.superuser.created", *["demo.course.created"] * 12, "import.finished", kept=("*",))
def seed_the_demo(world: World) -> Send:
    def send() -> None:
        with override_settings(DEBUG=True):
            _call("seed_demo")

    return send


def _call(name: str, *arguments: Any, **options: Any) -> None:
    call_command(name, *arguments, stdout=StringIO(), **options)
