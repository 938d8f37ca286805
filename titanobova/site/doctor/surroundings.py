"""What is around the process: the clock, the proxies in front, the workers behind."""

import ipaddress
import time
from datetime import timedelta
from email.utils import parsedate_to_datetime

from django.conf import settings
from django.db import connection
from django.utils import timezone
from django_redis import get_redis_connection

from titanobova import heartbeats
from titanobova.celery import app
from titanobova.mail import figures
from titanobova.models import OutgoingMail
from titanobova.site.doctor.asking import ask
from titanobova.site.doctor.examining import Ailment
from users.models import LoginAttempt

TOLERANCE = 5.0  # seconds; a code of the second factor counts for 30, Stripe's signature for 300
LATEST, ENOUGH = 20, 5  # attempts to log in
OLD_MAIL = timedelta(minutes=15)
RECENTLY = timedelta(days=1)
MANY_JOBS = 1000
PING_SECONDS = 1.5


def clock() -> str:
    """Compare our clock with the database's and with Stripe's."""
    differences = {"the database": _database_ahead(), "Stripe": _stripe_ahead()}
    known = {name: ahead for name, ahead in differences.items() if ahead is not None}
    for name, ahead in known.items():
        if abs(ahead) > TOLERANCE:
            raise Ailment(
                f"{name} is {ahead:+.0f} s from our clock: codes of the second factor and signatures fail",
                mend="let chrony or systemd-timesyncd set the clock of both machines",
            )
    if not known:
        return "compared with nobody"
    return ", ".join(f"{name} {ahead:+.1f} s" for name, ahead in known.items())


def _database_ahead() -> float | None:
    """Return how many seconds PostgreSQL's clock is ahead of ours; SQLite has none of its own."""
    if connection.vendor != "postgresql":
        return None
    with connection.cursor() as cursor:
        begin = time.time()
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())::float8")
        told = float(cursor.fetchone()[0])
    return told - (begin + time.time()) / 2


def _stripe_ahead() -> float | None:
    """Return how many seconds Stripe's clock is ahead of ours, by its Date header, which is cut to whole seconds.

    Whether Stripe can be reached at all is for the part `stripe` to say.
    """
    if not settings.STRIPE_SECRET_KEY:
        return None
    begin = time.time()
    try:
        date = ask(f"{settings.STRIPE_API_BASE}/").headers.get("Date", "")
        told = parsedate_to_datetime(date).timestamp()
    except (OSError, ValueError):
        return None
    return told + 0.5 - (begin + time.time()) / 2


def proxies() -> str:
    """Look whether TRUSTED_PROXY_COUNT can be right, by the addresses from which people last logged in."""
    count = settings.TRUSTED_PROXY_COUNT
    if settings.HTTPS_ONLY and not count:
        raise Ailment(
            "HTTPS_ONLY redirects every request, for no proxy is believed that it came over HTTPS",
            mend="set TRUSTED_PROXY_COUNT to the number of proxies in front (1 with our nginx)",
        )
    latest = LoginAttempt.objects.order_by("-pk").values_list("ip_address", flat=True)[:LATEST]
    addresses = [address for address in latest if address]
    if len(addresses) >= ENOUGH and len(set(addresses)) == 1 and not ipaddress.ip_address(addresses[0]).is_global:
        if settings.DEBUG:
            return f"{count} trusted"
        raise Ailment(
            f"the last {len(addresses)} logins all came from {addresses[0]}: that is a proxy, and everyone shares it",
            mend=f"raise TRUSTED_PROXY_COUNT, now {count}, to the number of proxies in front",
        )
    return f"{count} trusted"


def outbox() -> str:
    """Look whether mail leaves."""
    waiting, oldest = figures.waiting_count(), figures.oldest_waiting_seconds()
    if paused := figures.paused_seconds():
        raise Ailment(
            f"delivery pauses for {paused:.0f} s more, {waiting} mails wait: {figures.pause_reason()}",
            mend="it goes on by itself once the mail service takes mail again; see what `mail` says",
        )
    if oldest > OLD_MAIL.total_seconds():
        raise Ailment(
            f"{waiting} mails wait, the oldest for {oldest / 60:.0f} minutes",
            mend="see that worker and beat run (docker-compose ps), and what `mail` says",
        )
    failed = OutgoingMail.objects.filter(status=OutgoingMail.Status.FAILED, created_at__gt=timezone.now() - RECENTLY)
    failed = failed.exclude(text="")  # of people who were erased
    if number := failed.count():
        raise Ailment(
            f"{number} mails of the last day have failed for good",
            mend="read why in the admin under Outgoing mail",
        )
    return f"{waiting} mails wait"


def beat() -> str:
    """Look whether the periodic jobs are woken, by the sign of life that beat leaves."""
    if not settings.REDIS_HOST:
        return "not used: the process does its jobs itself"
    silent = heartbeats.age("beat")
    if silent is None or silent > heartbeats.SILENT_AFTER:
        since = "there never was a sign of life" if silent is None else f"no sign of life for {silent:.0f} s"
        raise Ailment(since, mend="start exactly one: docker-compose up -d beat, or: celery -A titanobova beat")
    return f"last sign of life {silent:.0f} s ago"


def worker() -> str:
    """Look whether a worker takes jobs, by asking all of them."""
    if not settings.REDIS_HOST:
        return "not used: the process does its jobs itself"
    waiting = get_redis_connection("default").llen("celery")
    answers = app.control.inspect(timeout=PING_SECONDS).ping() or {}
    if not answers:
        raise Ailment(
            f"no worker answers, {waiting} jobs wait",
            mend="start it: docker-compose up -d worker, or: celery -A titanobova worker",
        )
    if waiting >= MANY_JOBS:
        raise Ailment(f"{waiting} jobs wait", mend="start more workers, or raise their --concurrency")
    return f"{len(answers)} answer, {waiting} jobs wait"
