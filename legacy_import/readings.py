"""How far an import is, read from the database when Prometheus asks; the import runs in a process of its own."""

from django.utils import timezone
from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from legacy_import.models import ImportRun
from titanobova.metrics import Reading, readings

OUTCOMES = ("created", "updated", "unchanged", "merged", "rejected")


def take_part() -> None:
    """Have them read."""
    readings.append(Reading("import", read_import))


def read_import() -> list[Metric]:
    """Return the state of the latest run, and how many rows of each table became what."""
    running = GaugeMetricFamily("titanobova_import_running", "1 while an import runs.")
    seconds = GaugeMetricFamily("titanobova_import_seconds", "Time that the latest import has taken.")
    failed = GaugeMetricFamily("titanobova_import_failed", "1 when the latest import ended early or did not balance.")
    in_source = GaugeMetricFamily("titanobova_import_source_rows", "Rows of the old table.", labels=["table"])
    rows = GaugeMetricFamily("titanobova_import_rows", "Rows dealt with so far.", labels=["table", "outcome"])
    latest = ImportRun.objects.order_by("-id").first()
    running.add_metric([], float(latest is not None and latest.outcome == ImportRun.Outcome.RUNNING))
    if latest is not None:
        end = latest.finished_at or timezone.now()
        seconds.add_metric([], (end - latest.started_at).total_seconds())
        failed.add_metric([], float(latest.outcome == ImportRun.Outcome.FAILED))
        for table in latest.report.get("tables", []):
            in_source.add_metric([table["table"]], table["in_source"])
            for outcome in OUTCOMES:
                rows.add_metric([table["table"], outcome], table[outcome])
    return [running, seconds, failed, in_source, rows]
