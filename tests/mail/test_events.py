"""What SendGrid tells of a mail: once, in any order, late or early."""

import json
import threading
from datetime import UTC, datetime
from itertools import permutations
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db.models import QuerySet
from pytest_django import DjangoAssertNumQueries

from audit.models import AuditLog
from tests.conftest import RunTogether
from tests.mail.signing import deliver, event, post
from tests.shared.outbox import SendGrid, make_due, write_mail
from titanobova import faults
from titanobova.email import send_later
from titanobova.mail.delivering import claim, deliver_due_mail
from titanobova.models import Delivery, MailEvent, OutgoingMail

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("webhook")]

T = 1_800_000_000  # seconds
NAMES = {
    "processed": "processed",
    "deferred": "deferred",
    "delivered": "delivered",
    "dropped": "dropped",
    "bounce": "bounced",
    "spamreport": "spam_report",
}


def sent_mail() -> OutgoingMail:
    """Return a mail that SendGrid has taken."""
    mail = write_mail()
    OutgoingMail.objects.filter(pk=mail.pk).update(status="sent")
    mail.refresh_from_db()
    return mail


@pytest.mark.parametrize(("name", "state"), NAMES.items())
def test_an_event_says_what_became_of_the_mail(name: str, state: str) -> None:
    mail, other = sent_mail(), sent_mail()

    answer = deliver(event(mail, name, timestamp=T, reason="550 no such\nuser"))

    assert (answer.status_code, answer.json()) == (200, {"new": 1})
    mail.refresh_from_db()
    other.refresh_from_db()
    kept = mail.events.get()
    assert (mail.delivery, other.delivery) == (state, "")
    assert (kept.kind, kept.reason, kept.occurred_at) == (state, "550 no such user", datetime.fromtimestamp(T, UTC))


def test_nothing_of_the_recipient_is_kept_of_an_event() -> None:
    mail = sent_mail()

    deliver(event(mail, ip="203.0.113.9", useragent="Mozilla"))

    kept = MailEvent.objects.values().get()
    assert not [
        value for value in kept.values() if "ada@" in str(value) or "203.0" in str(value) or "Moz" in str(value)
    ]


def test_a_repetition_changes_nothing_and_is_told_so() -> None:
    mail = sent_mail()
    told = event(mail, "bounce")

    answers = [deliver(told).json() for _ in range(3)] + [deliver(told, told, event(mail)).json()]

    assert answers == [{"new": 1}, {"new": 0}, {"new": 0}, {"new": 1}]
    assert MailEvent.objects.count() == 2
    rows = AuditLog.objects.filter(details__event="mail.events.received").order_by("pk")
    assert [row.details["status"] for row in rows] == [{"bounced": 1}, {"delivered": 1}]
    assert {row.details["system"] for row in rows} == {"sendgrid"}


HISTORY = [("processed", T), ("deferred", T + 5), ("delivered", T + 9), ("spamreport", T + 99)]


@pytest.mark.parametrize("order", list(permutations(HISTORY)))
def test_every_order_of_events_ends_alike(order: tuple[tuple[str, int], ...]) -> None:
    mail = sent_mail()

    for name, at in order:
        deliver(event(mail, name, timestamp=at))

    mail.refresh_from_db()
    assert mail.delivery == "spam_report"


@pytest.mark.parametrize("order", [("processed", "delivered"), ("delivered", "processed")])
def test_in_the_same_second_what_follows_by_its_nature_counts(order: tuple[str, ...]) -> None:
    mail = sent_mail()

    for name in order:
        deliver(event(mail, name, timestamp=T))

    mail.refresh_from_db()
    assert mail.delivery == "delivered"


def test_a_server_that_takes_a_mail_and_sends_it_back_later_has_bounced_it() -> None:
    mail = sent_mail()

    deliver(event(mail, "bounce", timestamp=T + 60), event(mail, "delivered", timestamp=T))

    mail.refresh_from_db()
    assert mail.delivery == "bounced"


def test_an_event_proves_that_sendgrid_has_a_mail_whose_worker_died(sendgrid: SendGrid) -> None:
    link = ("Go", "https://www.example.com/unlock?token=" + "x" * 43)
    mail = send_later("session_ended", to="ada@example.com", subject="x", button=link)
    claim()  # and then kill -9, after SendGrid took it

    deliver(event(mail, "processed", timestamp=T))
    make_due(mail)

    assert deliver_due_mail() == 0
    mail.refresh_from_db()
    assert (mail.status, mail.delivery, len(sendgrid.received)) == ("sent", "processed", 0)
    assert mail.sent_at == datetime.fromtimestamp(T, UTC)
    assert "?token=..." in mail.text


def test_a_late_event_about_an_earlier_sending_stops_no_later_one(sendgrid: SendGrid) -> None:
    mail = sent_mail()
    first = event(mail, "bounce")
    OutgoingMail.objects.update(status="waiting", resent=1)

    deliver(first)

    mail.refresh_from_db()
    assert (mail.status, mail.delivery, mail.events.get().kind) == ("waiting", "", "bounced")
    assert deliver_due_mail() == 1
    assert sendgrid.received[0].message["custom_args"]["sending"] == "1"


FOREIGN = {
    "of another program": {"mail": None, "sending": None},
    "about a mail that is gone": {"mail": "0197b2a4-0000-7000-8000-000000000000"},
    "of another kind": {"event": "open"},
    "of a kind that does not exist yet": {"event": "teleported"},
}


@pytest.mark.parametrize("changes", FOREIGN.values(), ids=FOREIGN)
def test_an_event_that_is_none_of_ours_is_thanked_for_and_forgotten(changes: dict[str, Any]) -> None:
    told = {name: value for name, value in {**event(sent_mail()), **changes}.items() if value is not None}

    answer = deliver(told)

    assert (answer.status_code, answer.json()) == (200, {"new": 0})
    assert not MailEvent.objects.exists()
    assert not AuditLog.objects.filter(details__event="mail.events.received").exists()


ODD_BODIES = {
    "nothing": b"",
    "an object": b"{}",
    "a word": b"hello",
    "a number": b"5",
    "null": b"null",
    "no UTF-8": b"\xff\xfe",
    "half a list": b'[{"event": "delivered"',
    "a NUL": b'[{"event": "a\\u0000"}]',
    "half a surrogate pair": b'[{"event": "\\ud800"}]',
    "a member named twice": b'[{"event": "open", "event": "click"}]',
    "a deep nest": b"[" * 50_000,
    "a list of lists": b"[[]]",
    "a list of numbers": b"[5]",
    "an event without a name": b"[{}]",
    "an event with a number for a name": b'[{"event": 5}]',
}


@pytest.mark.parametrize("body", ODD_BODIES.values(), ids=ODD_BODIES)
def test_a_signed_body_that_is_no_list_of_events_is_a_400(body: bytes) -> None:
    answer = post(body)

    assert (answer.status_code, answer.json()["code"]) == (400, "bad_event")


ODD_MEMBERS: list[tuple[str, Any]] = [
    ("sg_event_id", None), ("sg_event_id", 5), ("sg_event_id", ""), ("sg_event_id", "x" * 101), ("sg_event_id", "a b"),
    ("sg_event_id", "é"), ("timestamp", None), ("timestamp", "now"), ("timestamp", 10**18), ("timestamp", -(10**18)),
    ("timestamp", 1.5), ("mail", 5), ("mail", "x"), ("mail", []), ("sending", 0), ("sending", "-1"), ("sending", ""),
    ("sending", "99999"), ("sending", "\u0661"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), ODD_MEMBERS)
def test_an_odd_event_is_a_400_and_what_stands_beside_it_is_kept(name: str, value: Any) -> None:
    mail, other = sent_mail(), sent_mail()

    answer = deliver({**event(mail), name: value}, event(other))

    assert (answer.status_code, answer.json()["code"]) == (400, "bad_event")
    assert "1 entries" in answer.json()["detail"]
    other.refresh_from_db()
    assert other.delivery == "delivered"
    assert MailEvent.objects.count() == 1


@pytest.mark.parametrize(("size", "status"), [(900_000, 200), (1_100_000, 413), (5_000_000, 413)])
def test_a_body_has_at_most_a_megabyte(size: int, status: int) -> None:
    assert deliver(event(sent_mail(), response="x" * size)).status_code == status


def test_a_batch_costs_as_many_queries_as_one_event(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    mails = [sent_mail() for _ in range(100)]
    both = [json.dumps([event(mail) for mail in some]).encode() for some in (mails[:1], mails)]

    for body in both:
        # The mails, the known ids, the insert, all events, the update, the audit row; a savepoint and its end.
        with django_assert_num_queries(8):
            assert post(body).status_code == 200

    assert set(OutgoingMail.objects.values_list("delivery", flat=True)) == {"delivered"}


@pytest.mark.django_db(transaction=True)
def test_deliveries_at_the_same_time_lose_no_event_and_double_none(run_together: RunTogether) -> None:
    mail = sent_mail()
    told = [event(mail, name, timestamp=at) for name, at in HISTORY]

    answers = run_together(8, lambda number: deliver(told[number % 4], told[(number + 1) % 4]).json()["new"])

    mail.refresh_from_db()
    assert sum(answers) == 4
    assert (MailEvent.objects.count(), mail.delivery) == (4, "spam_report")


if django_settings.DB_HOST:

    @pytest.mark.django_db(transaction=True)
    def test_control_without_the_lock_the_last_event_is_forgotten(
        run_together: RunTogether, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        mail, both_have_read, bounce_is_stored = sent_mail(), threading.Barrier(2, timeout=10), threading.Event()
        told = [event(mail, "delivered", timestamp=T), event(mail, "bounce", timestamp=T + 5)]
        bounce = threading.local()

        def meet(name: str) -> None:
            if name == "mail.before_states":
                both_have_read.wait()
                assert vars(bounce) or bounce_is_stored.wait(10)

        def tell(number: int) -> None:
            vars(bounce).update({"here": True} if number else {})
            deliver(told[number])
            bounce_is_stored.set()

        monkeypatch.setattr(QuerySet, "select_for_update", lambda self, **_: self)
        monkeypatch.setattr(faults, "hook", meet)
        run_together(2, tell)

        mail.refresh_from_db()
        assert (MailEvent.objects.count(), mail.delivery) == (2, "delivered")


def test_the_states_are_those_of_the_column() -> None:
    assert set(NAMES.values()) == set(Delivery.values)
