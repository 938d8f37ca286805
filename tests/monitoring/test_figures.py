"""What is counted, by whom, and that nobody can make the figures grow without end."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.utils import timezone
from rest_framework.test import APIClient

from legacy_import.models import ImportRun
from legacy_import.progress import Progress
from legacy_import.report import Report, TableReport
from payments.models import WebhookEvent
from tests.conftest import PASSWORD, together
from tests.monitoring.figures import TOKEN, figure, figures
from tests.payments.conftest import SECRET, deliver, event, post_raw
from tests.shared.starting import start
from titanobova import heartbeats
from titanobova.models import OutgoingMail
from users import hashers
from users.models import User

LOGIN, PROFILE, COURSES = "/api/v1/auth/token/", "/api/v1/users/profile/", "/api/v1/courses/courses/"
READ = """
import django, json, time
django.setup()
from django.test import Client
begin = time.monotonic()
answer = Client(SERVER_NAME="localhost").get("/metrics")
print(json.dumps({"status": answer.status_code, "seconds": time.monotonic() - begin, "text": answer.content.decode()}))
import os, sys
sys.stdout.flush()
os._exit(0)  # what hangs in a thread would keep the process
"""


@pytest.mark.django_db
def test_requests_are_counted_by_route_and_outcome(
    anonymous: APIClient, api: Callable[[User], APIClient], student: User
) -> None:
    route = {"method": "GET", "route": "/api/v1/courses/courses/<slug:key>/"}
    client, before = api(student), figures()

    for key in ("no-such-course", "nor-this-one"):
        anonymous.get(f"{COURSES}{key}/")
    client.get(PROFILE)

    after = figures()
    missing, ok = {**route, "status": "4xx"}, {"method": "GET", "route": PROFILE, "status": "2xx"}
    count = "titanobova_request_seconds_count"
    assert figure(count, after, **missing) - figure(count, before, **missing) == 2
    assert figure(count, after, **ok) - figure(count, before, **ok) == 1
    assert not any("no-such-course" in str(key) for key in after)
    queries = "titanobova_database_queries_total"
    assert figure(queries, after, route=PROFILE) - figure(queries, before, route=PROFILE) == 1
    waited = "titanobova_database_seconds_total"
    assert figure(waited, after, route=PROFILE) > figure(waited, before, route=PROFILE)


@pytest.mark.django_db
def test_a_visitor_cannot_make_the_figures_grow(anonymous: APIClient) -> None:
    anonymous.get("/nowhere/0/")
    anonymous.generic("FIRST", "/nowhere/0/")
    before = figures().keys()

    for number in range(20):
        anonymous.get(f"/nowhere/{number}/?page={number}")
        anonymous.generic(f"VERB{number}", f"/nowhere/{number}/")

    assert figures().keys() == before


@pytest.mark.django_db
def test_logins_are_counted_by_their_outcome(anonymous: APIClient, student: User) -> None:
    before = figures()

    anonymous.post(LOGIN, {"email": student.email, "password": PASSWORD})
    for _ in range(7):
        anonymous.post(LOGIN, {"email": student.email, "password": "wrong"})

    after = figures()
    counted = {
        outcome: figure("titanobova_logins_total", after, outcome=outcome)
        - figure("titanobova_logins_total", before, outcome=outcome)
        for outcome in ("success", "wrong", "locked")
    }
    assert counted == {"success": 1, "wrong": 5, "locked": 2}


@pytest.mark.django_db
def test_every_refusal_of_a_limit_is_counted(anonymous: APIClient, settings: LazySettings) -> None:
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "anon": (2, 60)}
    before = figure("titanobova_rate_limit_refusals_total", scope="anon")

    statuses = [anonymous.get(COURSES).status_code for _ in range(5)]

    assert statuses == [200, 200, 429, 429, 429]
    assert figure("titanobova_rate_limit_refusals_total", scope="anon") - before == 3


@pytest.mark.django_db
def test_passwords_that_wait_for_a_place_are_seen_and_their_wait_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    begin, places = threading.Event(), hashers._pool._max_workers
    monkeypatch.setattr(hashers, "make_password", lambda password: str(begin.wait(20)))
    before = figures()

    def watch(number: int) -> float:
        if number:
            hashers.hash_password("x")
            return 0.0
        time.sleep(0.5)
        waiting = figure("titanobova_hashing_waiting")
        begin.set()
        return waiting

    waiting = together(places + 4, watch)[0]

    after = figures()
    assert waiting - figure("titanobova_hashing_waiting", before) == 3
    assert figure("titanobova_hashing_waiting", after) == figure("titanobova_hashing_waiting", before)
    hashed = "titanobova_hashing_wait_seconds_count"
    assert figure(hashed, after) - figure(hashed, before) == places + 3
    longer = figure("titanobova_hashing_wait_seconds_bucket", after, le="0.25") - figure(
        "titanobova_hashing_wait_seconds_bucket", before, le="0.25"
    )
    assert longer == places  # the other three waited for half a second


@pytest.mark.django_db(transaction=True)
def test_the_deliveries_of_stripe_are_counted_with_their_lag(settings: LazySettings) -> None:
    settings.STRIPE_WEBHOOK_SECRETS, settings.STRIPE_SECRET_KEY = [SECRET], "sk_test_nobody_listens"
    before, told = figures(), event("customer.created", {}) | {"created": int(time.time()) - 100}

    statuses = [deliver(told).status_code, deliver(told).status_code, post_raw(b"{}", "t=1,v1=0").status_code]

    after = figures()
    counted = {
        outcome: figure("titanobova_webhook_events_total", after, outcome=outcome)
        - figure("titanobova_webhook_events_total", before, outcome=outcome)
        for outcome in ("ignored", "repeated", "bad_signature")
    }
    lag = figure("titanobova_webhook_lag_seconds_sum", after) - figure("titanobova_webhook_lag_seconds_sum", before)
    assert statuses == [200, 200, 400]
    assert counted == {"ignored": 1, "repeated": 1, "bad_signature": 1}
    assert 100 <= lag < 160
    assert time.time() - 60 < figure("titanobova_webhook_last_timestamp_seconds", after) <= time.time()


@pytest.mark.django_db(transaction=True)
def test_what_waits_is_read_when_somebody_asks(settings: LazySettings) -> None:
    settings.REDIS_HOST = settings.REDIS_HOST or "127.0.0.1"
    hour = timezone.now() - timedelta(hours=1)
    OutgoingMail.objects.create(recipient="a@example.com", subject="x", text="x", created_at=hour)
    OutgoingMail.objects.create(recipient="a@example.com", subject="x", text="x", status="failed", created_at=hour)
    WebhookEvent.objects.create(
        pk="evt_1", type="x", payload={}, livemode=False, outcome="waiting", received_at=hour - timedelta(hours=1)
    )
    heartbeats.note("worker")

    found = figures()

    assert figure("titanobova_mails", found, status="waiting") == 1
    assert figure("titanobova_mails", found, status="failed") == 1
    assert 3600 <= figure("titanobova_mail_oldest_seconds", found) < 3700
    assert figure("titanobova_webhook_waiting", found) == 1
    assert 7200 <= figure("titanobova_webhook_waiting_oldest_seconds", found) < 7300
    assert 0 <= figure("titanobova_heartbeat_age_seconds", found, process="worker") < 60
    assert figure("titanobova_heartbeat_age_seconds", found, process="beat") == float("inf")


@pytest.mark.django_db(transaction=True)
def test_an_import_is_seen_while_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    run = ImportRun.objects.create(source="sqlite:///old.db")
    progress = Progress(run)
    report = Report(str(run.pk), run.source, {}, False, [], [])
    report.tables.append(TableReport("users", "Users", [], in_source=100, read=40, created=30, rejected=10))
    progress.note(report)
    assert ImportRun.objects.get().report == {}  # it has only just begun

    monkeypatch.setattr("legacy_import.progress.EVERY", 0)
    progress.note(report)
    found = figures()

    assert figure("titanobova_import_running", found) == 1
    assert figure("titanobova_import_source_rows", found, table="Users") == 100
    assert figure("titanobova_import_rows", found, table="Users", outcome="created") == 30
    assert figure("titanobova_import_rows", found, table="Users", outcome="rejected") == 10
    assert figure("titanobova_import_seconds", found) > 0
    assert figure("titanobova_import_failed", found) == 0


@pytest.mark.django_db(transaction=True)
def test_a_dry_run_stores_no_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("legacy_import.progress.EVERY", 0)
    run = ImportRun.objects.create(source="sqlite:///old.db")

    Progress(run).note(Report(str(run.pk), run.source, {}, True, [], []))

    assert ImportRun.objects.get().report == {}


@pytest.fixture(params=["dead", "silent"])
def port_of_no_database(request: pytest.FixtureRequest) -> Iterator[int]:
    """A port where nobody listens, then one that takes connections and says nothing."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        if request.param == "silent":
            listener.listen(64)
        yield listener.getsockname()[1]


def test_without_a_database_the_rest_is_told_in_time_and_what_is_missing_is_named(
    tmp_path: Path, port_of_no_database: int
) -> None:
    database = {"DB_HOST": "127.0.0.1", "DB_PORT": str(port_of_no_database)}
    done = start(tmp_path, "-c", READ, environment=database)  # DEBUG and this machine: no token

    answer = json.loads(done.stdout)
    assert answer["status"] == 200
    assert answer["seconds"] < 5  # the program itself is loaded by the first request
    for reading in ("database", "mail", "heartbeats", "webhook", "import"):
        assert f'titanobova_reading_failed{{reading="{reading}"}} 1.0' in answer["text"]
    assert 'titanobova_reading_failed{reading="jobs"} 0.0' in answer["text"]
    assert "# TYPE titanobova_request_seconds histogram" in answer["text"]
    assert TOKEN not in answer["text"]
