"""Figures of the shared ground that are read from the database when Prometheus asks."""

from django.conf import settings
from django.db import connection
from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from titanobova import heartbeats
from titanobova.mail import figures
from titanobova.metrics import Reading, readings


def take_part() -> None:
    """Have them read; the first says whether the database answers at all."""
    readings.insert(0, Reading("database", read_database))
    readings.extend([Reading("mail", read_mail), Reading("heartbeats", read_heartbeats)])


def read_database() -> list[Metric]:
    """Return that the database answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return [GaugeMetricFamily("titanobova_database_up", "1 when the database answers.", 1)]


def read_mail() -> list[Metric]:
    """Return how many mails wait or were given up, how old the oldest is that waits, and whether all of them pause."""
    mails = GaugeMetricFamily("titanobova_mails", "Mails in the outbox that are not sent.", labels=["status"])
    mails.add_metric(["waiting"], figures.waiting_count())
    mails.add_metric(["failed"], figures.failed_count())
    oldest, paused = figures.oldest_waiting_seconds(), figures.paused_seconds()
    return [
        mails,
        GaugeMetricFamily("titanobova_mail_oldest_seconds", "Age of the oldest mail that waits.", oldest),
        GaugeMetricFamily("titanobova_mail_paused_seconds", "Time until mail is tried again.", paused),
    ]


def read_heartbeats() -> list[Metric]:
    """Return how long ago worker and beat were last known to live; one that never was is infinitely far."""
    ages = GaugeMetricFamily(
        "titanobova_heartbeat_age_seconds", "Time since the last sign of life.", labels=["process"]
    )
    for name in ("worker", "beat") if settings.REDIS_HOST else ():
        age = heartbeats.age(name)
        ages.add_metric([name], float("inf") if age is None else age)
    return [ages]
