"""Staff look at a mail, see each try and what became of it, and send it once more."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.contrib.messages import get_messages
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from audit.actor import Actor
from audit.models import AuditLog
from tests.conftest import RunTogether, make_user
from tests.mail.signing import deliver, event
from tests.shared.outbox import SendGrid, make_due, wait_for_the_worker, write_mail
from titanobova.email import send_later
from titanobova.mail.delivering import MAX_FAILURES, deliver_due_mail
from titanobova.models import OutgoingMail
from titanobova.personal_data import blank_mail
from titanobova.site.mail.resending import MailIsGone, MailJustSent, MailStillWaits, resend
from users.models import User

pytestmark = pytest.mark.django_db

PAGE = "/admin/titanobova/outgoingmail/"
LINK = ("Go", "https://www.example.com/unlock?token=" + "x" * 43)


def send_again(client: Client, *mails: OutgoingMail) -> list[str]:
    """Tick these mails, choose the action, and return what the admin says."""
    ticked = {"action": "send_again", "_selected_action": [str(mail.pk) for mail in mails]}
    answer = client.post(PAGE, ticked)
    assert answer.status_code == 302
    return [str(message) for message in get_messages(answer.wsgi_request)]


def refused_mail(sendgrid: SendGrid) -> OutgoingMail:
    """Return a mail that SendGrid does not want."""
    sendgrid.status = 400
    mail = OutgoingMail.objects.create(recipient="ada@example.com", subject="x", text="Hello")  # wakes nobody
    deliver_due_mail()
    sendgrid.status = 202
    mail.refresh_from_db()
    return mail


def test_staff_send_a_refused_mail_once_more(sendgrid: SendGrid, desk: Client, staff: User) -> None:
    mail = refused_mail(sendgrid)

    assert send_again(desk, mail) == ["In line again: 1."]
    assert deliver_due_mail() == 1

    mail.refresh_from_db()
    assert (mail.status, mail.tries, mail.resent, mail.last_error) == ("sent", 2, 1, "")
    first, second = (received.message["headers"]["Message-ID"] for received in sendgrid.received)
    assert first != second
    row = AuditLog.objects.get(details__event="mail.resent")
    assert (row.user, row.resource_type, row.resource_id) == (staff, "titanobova.outgoingmail", str(mail.pk))


@pytest.mark.usefixtures("webhook")
def test_a_mail_that_bounced_can_be_sent_once_more(sendgrid: SendGrid, desk: Client) -> None:
    mail = write_mail()
    deliver_due_mail()
    deliver(event(mail, "bounce"))
    assert send_again(desk, mail) == [MailJustSent.message]
    OutgoingMail.objects.update(sent_at=timezone.now() - timedelta(minutes=2))

    send_again(desk, mail)
    deliver_due_mail()
    mail.refresh_from_db()
    deliver(event(mail, "delivered"))

    mail.refresh_from_db()
    assert (mail.status, mail.delivery, len(sendgrid.received)) == ("sent", "delivered", 2)


def test_what_cannot_be_sent_again_is_said(sendgrid: SendGrid, desk: Client) -> None:
    waiting = write_mail()
    sendgrid.status = 400
    with_link = send_later("session_ended", to="ada@example.com", subject="x", button=LINK)
    OutgoingMail.objects.filter(pk=waiting.pk).update(next_try_at="2099-01-01T00:00Z")
    deliver_due_mail()

    said = send_again(desk, waiting, with_link)

    assert said == [MailIsGone.message, MailStillWaits.message]
    with_link.refresh_from_db()
    assert (with_link.status, with_link.resent) == ("failed", 0)
    assert not AuditLog.objects.filter(details__event="mail.resent").exists()


def test_a_mail_of_somebody_erased_is_not_sent_again(sendgrid: SendGrid) -> None:
    mail = refused_mail(sendgrid)
    blank_mail(OutgoingMail.objects.all(), recipient="erased@erased.invalid")

    with pytest.raises(MailIsGone):
        resend(mail, by=Actor())


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_send_one_mail(sendgrid: SendGrid, run_together: RunTogether) -> None:
    mail = refused_mail(sendgrid)

    outcomes = run_together(4, lambda _: resend(mail, by=Actor()))
    wait_for_the_worker()

    assert sum(isinstance(outcome, OutgoingMail) for outcome in outcomes) == 1
    assert AuditLog.objects.filter(details__event="mail.resent").count() == 1
    mail.refresh_from_db()
    assert (mail.status, mail.resent, len(sendgrid.received)) == ("sent", 1, 2)


def test_a_given_up_mail_gets_all_its_tries_anew(sendgrid: SendGrid) -> None:
    sendgrid.status, mail = 500, write_mail()
    OutgoingMail.objects.update(failures=MAX_FAILURES - 1)
    deliver_due_mail()

    mail = resend(mail, by=Actor())
    make_due(mail)
    deliver_due_mail()

    mail.refresh_from_db()
    assert (mail.status, mail.failures, mail.tries) == ("waiting", 1, 2)


@pytest.mark.parametrize(("permissions", "allowed"), [(["view"], False), (["view", "change"], True)])
def test_seeing_mails_is_not_sending_them(sendgrid: SendGrid, permissions: list[str], allowed: bool) -> None:
    mail, clerk = refused_mail(sendgrid), make_user("clerk@example.com", is_staff=True)
    names = [f"{permission}_outgoingmail" for permission in permissions]
    clerk.user_permissions.set(Permission.objects.filter(codename__in=names))
    client = Client()
    client.force_login(clerk, backend="users.backends.SessionOnlyBackend")

    page = client.get(PAGE)
    client.post(PAGE, {"action": "send_again", "_selected_action": [str(mail.pk)]})

    assert page.status_code == 200
    assert ("send_again" in page.content.decode()) == allowed
    mail.refresh_from_db()
    assert mail.status == ("waiting" if allowed else "failed")
    assert client.post(f"{PAGE}{mail.pk}/change/", {"status": "sent"}).status_code == 403


def rows_of(page: Any, prefix: str) -> list[Any]:
    """Return the rows of an inline."""
    [formset] = [one.formset for one in page.context["inline_admin_formsets"] if one.formset.prefix == prefix]
    return [form.instance for form in formset.forms]


@pytest.mark.usefixtures("webhook")
def test_the_page_of_a_mail_shows_its_tries_and_what_became_of_it(
    sendgrid: SendGrid, desk: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    sendgrid.status, mail = 503, write_mail()
    for status in (503, 429, 202):
        sendgrid.status = status
        make_due(mail)
        deliver_due_mail()
    deliver(event(mail, "bounce", reason="550 <no such user>"))

    with django_assert_max_num_queries(8):
        page = desk.get(f"{PAGE}{mail.pk}/change/")

    words = page.content.decode()
    assert [one.outcome for one in rows_of(page, "attempts")] == ["down", "busy", "accepted"]
    assert [one.kind for one in rows_of(page, "events")] == ["bounced"]
    assert "SendGrid answered with status 503" in words
    assert "550 &lt;no such user&gt;" in words


@pytest.mark.usefixtures("webhook")
def test_the_list_is_filtered_by_what_became_of_a_mail(sendgrid: SendGrid, desk: Client) -> None:
    good, bad = write_mail(), write_mail()
    deliver_due_mail()
    deliver(event(good), event(bad, "spamreport"))

    page = desk.get(f"{PAGE}?delivery__exact=spam_report")

    assert [mail.pk for mail in page.context["cl"].result_list] == [bad.pk]


@pytest.mark.usefixtures("webhook")
def test_erasing_takes_the_words_of_servers_too(sendgrid: SendGrid) -> None:
    sendgrid.status, sendgrid.body = 400, b'{"errors": [{"message": "ada@example.com is not wanted"}]}'
    mail = write_mail()
    deliver_due_mail()
    deliver(event(mail, "bounce", reason="550 <ada@example.com>: no such user"))

    blank_mail(OutgoingMail.objects.filter(recipient="ada@example.com"), recipient="erased@erased.invalid")
    deliver(event(mail, "deferred", response="450 <ada@example.com>: come again"))

    kept = [*mail.attempts.values(), *mail.events.values(), *OutgoingMail.objects.values()]
    assert len(kept) == 4
    assert "ada@" not in str(kept)
