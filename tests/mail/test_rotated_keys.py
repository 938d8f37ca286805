"""The keys that waiting mail is sealed with are replaced, and no mail is lost over it."""

import pytest
from cryptography.fernet import Fernet
from django.conf import LazySettings
from django.core import mail as outbox
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.models import AuditLog
from tests.shared.conftest import Lines
from titanobova.email import send_later
from titanobova.letters import reseal
from titanobova.mail import resealing
from titanobova.mail.delivering import claim, deliver_due_mail, try_to_send
from titanobova.models import OutgoingMail
from users.models import User
from users.services.email_flows import send_verification

pytestmark = pytest.mark.django_db

OLD, NEW = (Fernet.generate_key().decode() for _ in range(2))


@pytest.fixture
def waiting(student: User, settings: LazySettings) -> OutgoingMail:
    """A mail with a link that was sealed with the old key, before the new one came."""
    settings.SENDGRID_API_KEY, settings.FIELD_ENCRYPTION_KEYS = "", [OLD]
    send_verification(student)
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    return OutgoingMail.objects.get()


def test_a_waiting_mail_is_sent_with_its_link_after_the_old_key_was_dropped(
    waiting: OutgoingMail, settings: LazySettings
) -> None:
    call_command("rotate_keys")
    settings.FIELD_ENCRYPTION_KEYS = [NEW]

    assert deliver_due_mail() == 1
    [sent] = outbox.outbox
    assert "verify-email?token=" in sent.body
    assert "token=gAAAA" not in sent.body  # as every sealed text begins


def test_a_second_run_finds_all_of_it_done_and_does_no_harm(waiting: OutgoingMail, settings: LazySettings) -> None:
    call_command("rotate_keys")
    call_command("rotate_keys")
    settings.FIELD_ENCRYPTION_KEYS = [NEW]

    assert deliver_due_mail() == 1
    assert list(AuditLog.objects.values_list("details__count", flat=True)) == [1, 1]


def test_a_mail_that_leaves_meanwhile_keeps_no_link(waiting: OutgoingMail, monkeypatch: pytest.MonkeyPatch) -> None:
    def send_first(text: str) -> str:
        deliver_due_mail()
        return reseal(text)

    monkeypatch.setattr(resealing, "reseal", send_first)
    call_command("rotate_keys")

    waiting.refresh_from_db()
    assert waiting.status == "sent"
    assert "?token=..." in waiting.text


def test_a_worker_that_has_taken_the_mail_already_sends_it(waiting: OutgoingMail) -> None:
    attempt = claim()
    call_command("rotate_keys")

    assert attempt is not None
    assert try_to_send(attempt).outcome == "accepted"


def test_a_mail_that_no_key_opens_is_named_and_holds_up_no_other(
    waiting: OutgoingMail, student: User, settings: LazySettings, everything_log: Lines
) -> None:
    text = waiting.text
    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    send_verification(student)

    call_command("rotate_keys")

    waiting.refresh_from_db()
    assert waiting.text == text
    assert [str(waiting.pk) in line["message"] for line in everything_log() if "no key" in line["message"]] == [True]
    assert AuditLog.objects.get(details__event="auth.keys.rotated").details["count"] == 1


def test_mail_is_read_batch_by_batch_and_what_has_no_link_is_not_written(
    waiting: OutgoingMail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resealing, "BATCH", 2)
    for number in range(4):
        send_later("session_ended", to="ada@example.com", subject=f"{number}")

    with CaptureQueriesContext(connection) as asked:
        assert resealing.reseal_waiting_mail() == 1

    of_mail = [query["sql"] for query in asked if "titanobova_outgoingmail" in query["sql"]]
    assert [sql.partition(" ")[0] for sql in of_mail] == ["SELECT", "UPDATE", "SELECT", "SELECT", "SELECT"]
    assert all("LIMIT 2" in sql for sql in of_mail if sql.startswith("SELECT"))
