"""Anybody may post what nobody signed: each post has its line in security.log, and they cannot fill the audit log."""

from collections import Counter
from typing import Any

import pytest
from django.conf import LazySettings
from rest_framework.test import APIClient

from audit import forgeries
from audit.actor import Actor
from audit.forgeries import MOST_ROWS, record_forgery
from audit.models import AuditLog
from tests.conftest import RunTogether
from tests.mail.signing import PUBLIC_KEY
from tests.payments.conftest import SECRET
from tests.shared.conftest import Lines
from titanobova.models import RateLimitCounter

STRIPE = ("/api/v1/payments/webhook/", "payments.webhook.bad_signature")
SENDGRID = ("/api/v1/mail/events/", "mail.webhook.bad_signature")
BOTH = pytest.mark.parametrize(("path", "event"), [STRIPE, SENDGRID], ids=["stripe", "sendgrid"])


@pytest.fixture(autouse=True)
def _both_webhooks(settings: LazySettings) -> None:
    settings.STRIPE_WEBHOOK_SECRETS, settings.STRIPE_SECRET_KEY = [SECRET], "sk_test_nobody_listens"
    settings.SENDGRID_WEBHOOK_PUBLIC_KEYS = [PUBLIC_KEY]


def forge(path: str, address: str = "192.0.2.66") -> tuple[int, bytes]:
    """Post what nobody signed; return the answer."""
    answer = APIClient(REMOTE_ADDR=address).post(path, b"{}", content_type="application/json")
    return answer.status_code, answer.content


def counts(event: str) -> list[int]:
    """Return which of an address' forgeries the log's rows are about, oldest first."""
    rows = AuditLog.objects.filter(details__event=event).order_by("pk")
    return [row.details["count"] for row in rows]


@BOTH
@pytest.mark.django_db
def test_of_one_address_the_first_the_tenth_and_the_hundredth_have_a_row(
    path: str, event: str, security_log: Lines
) -> None:
    answers = {forge(path) for _ in range(112)}

    assert len(answers) == 1  # the last is answered like the first
    assert answers.pop()[0] == 400
    assert counts(event) == [1, 10, 100]
    assert Counter(line["event"] for line in security_log()) == {event: 112}


@BOTH
@pytest.mark.django_db
def test_many_addresses_together_have_so_many_rows_an_hour(path: str, event: str, security_log: Lines) -> None:
    addresses = [f"2001:db8:{number:x}::1" for number in range(1, MOST_ROWS + 21)]

    assert {forge(path, address)[0] for address in addresses} == {400}

    rows = list(AuditLog.objects.filter(details__event=event).order_by("pk"))
    assert [row.ip_address for row in rows] == addresses[:MOST_ROWS]
    assert [row.pk for row in rows if "left_out" in row.details] == [rows[-1].pk]
    assert [line["ip_address"] for line in security_log()] == addresses  # where nothing is left out


@pytest.mark.django_db
def test_without_the_bound_the_same_posts_fill_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: it is the bound that keeps the rows few, and nothing else."""
    monkeypatch.setattr(forgeries, "MOST_ROWS", 10_000)
    for number in range(MOST_ROWS + 20):
        forge(STRIPE[0], f"2001:db8:{number:x}::1")
    assert len(counts(STRIPE[1])) == MOST_ROWS + 20

    monkeypatch.setattr(forgeries, "_is_power_of_ten", lambda number: True)
    for _ in range(30):
        forge(SENDGRID[0])
    assert len(counts(SENDGRID[1])) == 30


@pytest.mark.django_db
def test_who_holds_a_network_is_one_and_another_hour_and_the_other_webhook_begin_anew() -> None:
    for number in range(9):
        forge(STRIPE[0], f"2001:db8::{number}")
    forge(STRIPE[0], "2001:db8:0:1::1")
    forge(SENDGRID[0], "2001:db8::1")
    assert (counts(STRIPE[1]), counts(SENDGRID[1])) == ([1, 1], [1])

    RateLimitCounter.objects.update(window_ends_ms=1)
    forge(STRIPE[0], "2001:db8::1")
    assert counts(STRIPE[1]) == [1, 1, 1]


@pytest.mark.django_db(transaction=True)
def test_many_at_once_are_counted_one_by_one(run_together: RunTogether, security_log: Lines) -> None:
    def forge_five(number: int) -> list[tuple[int, bytes]]:
        return [forge(STRIPE[0]) for _ in range(5)]

    outcomes: list[Any] = run_together(8, forge_five)

    assert {status for answers in outcomes for status, _ in answers} == {400}
    assert sorted(counts(STRIPE[1])) == [1, 10]
    assert len(security_log()) == 40


@pytest.mark.django_db
def test_what_counts_them_names_no_address(security_log: Lines) -> None:
    record_forgery(STRIPE[1], by=Actor(ip_address="192.0.2.66"))

    keys = list(RateLimitCounter.objects.values_list("pk", flat=True))
    assert len(keys) == 2
    assert not [key for key in keys if "192.0.2" in key or len(key) > 80]


@pytest.mark.django_db
def test_a_row_that_cannot_be_written_costs_no_line(monkeypatch: pytest.MonkeyPatch, security_log: Lines) -> None:
    monkeypatch.setattr(AuditLog, "prove", lambda row: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        record_forgery(STRIPE[1], by=Actor(ip_address="192.0.2.66"))

    assert [line["event"] for line in security_log()] == [STRIPE[1]]
