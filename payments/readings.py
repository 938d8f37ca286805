"""Figures of payments that are read from the database when Prometheus asks."""

from django.db.models import Count, Max, Min
from django.utils import timezone
from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from payments.models import WebhookEvent
from titanobova.metrics import Reading, readings


def take_part() -> None:
    """Have them read."""
    readings.append(Reading("webhook", read_webhook))


def read_webhook() -> list[Metric]:
    """Return when Stripe was last heard of, and how many of its events wait for a payment, since when."""
    waiting = WebhookEvent.objects.waiting().aggregate(number=Count("pk"), oldest=Min("received_at"))
    last = WebhookEvent.objects.aggregate(last=Max("received_at"))["last"]
    seconds = (timezone.now() - waiting["oldest"]).total_seconds() if waiting["oldest"] else 0
    return [
        GaugeMetricFamily("titanobova_webhook_waiting", "Events that wait for their payment.", waiting["number"]),
        GaugeMetricFamily("titanobova_webhook_waiting_oldest_seconds", "Age of the oldest of them.", seconds),
        GaugeMetricFamily(
            "titanobova_webhook_last_timestamp_seconds",
            "When the last event came (Unix time); 0 when none ever did.",
            last.timestamp() if last else 0,
        ),
    ]
