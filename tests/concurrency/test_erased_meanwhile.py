"""Somebody is erased while Stripe's event about their payment is under way: its names go with them."""

import json
import threading
import time
from typing import Any

import pytest
from django.db import connection, connections
from django.db.models import QuerySet
from pytest_django import Settings

from audit.actor import Actor
from payments.models import Payment, WebhookEvent
from tests.conftest import PASSWORD, make_user
from tests.payments.conftest import SECRET, Json, deliver, intent_event, make_payment
from titanobova import faults
from users.models import User
from users.services.privacy import erase_account

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.external,  # SQLite has one writer at a time
    pytest.mark.usefixtures("webhook"),
]
NOBODY = Actor(ip_address="192.0.2.1")
PATIENCE = 20.0  # seconds for each step
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@pytest.fixture
def webhook(settings: Settings) -> None:
    """A site that receives test events and asks Stripe nothing."""
    settings.STRIPE_WEBHOOK_SECRETS = [SECRET]
    settings.STRIPE_SECRET_KEY = ""


def in_a_thread(call: Any) -> threading.Thread:
    def run() -> None:
        try:
            call()
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def wait_until_somebody_waits_for_a_row() -> None:
    until = time.monotonic() + PATIENCE
    with connection.cursor() as cursor:
        while time.monotonic() < until:
            cursor.execute(WAITING)
            if cursor.fetchone()[0]:
                return
            time.sleep(0.05)
    pytest.fail("Nobody waits for the event that is under way.")


def erase_while_under_way(told: Json, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold an event just before its commit, until whoever erases its buyer waits for it."""
    is_held, may_go = threading.Event(), threading.Event()

    def hold(place: str) -> None:
        if place == "payments.before_commit":
            is_held.set()
            may_go.wait(timeout=PATIENCE)

    monkeypatch.setattr(faults, "hook", hold)
    threads = [in_a_thread(lambda: deliver(told))]
    try:
        assert is_held.wait(timeout=PATIENCE)
        person = User.objects.get()
        threads.append(in_a_thread(lambda: erase_account(person, password=PASSWORD, by=NOBODY)))
        wait_until_somebody_waits_for_a_row()
    finally:
        may_go.set()
        for thread in threads:
            thread.join(timeout=PATIENCE)


def told_with_names() -> Json:
    payment = make_payment(make_user("ada@example.com"))
    return intent_event(payment, receipt_email="ada@example.com", shipping={"name": "Ada Lovelace"})


def what_is_left() -> tuple[str, bool, str]:
    """Return how the payment stands, whether its buyer is erased, and all that is kept of its event."""
    payment = Payment.objects.select_related("user").get()
    is_erased = payment.user.email.endswith("@erased.invalid")
    return payment.status, is_erased, json.dumps(WebhookEvent.objects.get().payload)


def test_the_names_in_an_event_that_is_under_way_go_with_its_person(monkeypatch: pytest.MonkeyPatch) -> None:
    erase_while_under_way(told_with_names(), monkeypatch)

    status, is_erased, kept = what_is_left()
    assert (status, is_erased) == ("succeeded", True)
    assert "Lovelace" not in kept
    assert "ada@example.com" not in kept


def test_control_without_holding_the_payments_first_the_names_outlive_the_person(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = told_with_names()
    monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, **_: rows)

    erase_while_under_way(told, monkeypatch)

    status, is_erased, kept = what_is_left()
    assert (status, is_erased) == ("succeeded", True)
    assert "Lovelace" in kept
