"""/metrics: what Prometheus is told, and who may be Prometheus."""

import hmac
import ipaddress
from collections.abc import Iterator
from functools import cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from titanobova.api import page_for_api_or_people
from titanobova.health import jobs_waiting
from titanobova.metric_files import added_up
from titanobova.metrics import readings
from titanobova.probing import Probe, ask

SECONDS = 1.5  # for all that is read anew; Prometheus gives up after 10 by default


@require_safe
def exposition(request: HttpRequest) -> HttpResponse:
    """Answer the figures of all processes, and those read just now, in Prometheus' text format.

    They tell how many people log in and pay, so they are for those who know METRICS_TOKEN; in development, where
    nothing is secret, also for this machine.
    """
    if not settings.METRICS_TOKEN and not _is_at_home(request):
        return page_for_api_or_people(404, "not_found", "There is nothing at this address.")
    if not knows_the_token(request.META.get("HTTP_AUTHORIZATION", "")) and not _is_at_home(request):
        refusal = page_for_api_or_people(401, "not_authenticated", "Send METRICS_TOKEN as a bearer token.")
        refusal["WWW-Authenticate"] = 'Bearer realm="metrics"'
        return refusal
    text = added_up() + generate_latest(_just_read())
    return HttpResponse(text, content_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})


def knows_the_token(authorization: str) -> bool:
    """Whether the bearer token of a header is METRICS_TOKEN; comparing takes the same time whatever is wrong."""
    scheme, _, token = authorization.partition(" ")
    expected = settings.METRICS_TOKEN.encode()
    return bool(expected) and scheme.lower() == "bearer" and hmac.compare_digest(token.strip().encode(), expected)


def _is_at_home(request: HttpRequest) -> bool:
    """Whether this is development and a program of this machine asks; a proxy here asks for somebody elsewhere."""
    if not settings.DEBUG or {"HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED"} & request.META.keys():
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


def _just_read() -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(_Readings())
    return registry


class _Readings:
    """What is read when Prometheus asks; a reading that fails or takes too long is missing, and said to be so."""

    def collect(self) -> Iterator[Metric]:
        """Yield the figures."""
        failed = GaugeMetricFamily(
            "titanobova_reading_failed", "1 where figures could not be read this time.", labels=["reading"]
        )
        release = GaugeMetricFamily("titanobova_release", "1 for the release that answers.", labels=["release"])
        release.add_metric([settings.RELEASE], 1)
        yield release
        for name, answer in ask(_probes(), seconds=SECONDS).items():
            failed.add_metric([name], float(isinstance(answer, Exception)))
            yield from [] if isinstance(answer, Exception) else answer
        yield failed


@cache
def _probes() -> tuple[Probe[list[Metric]], Probe[list[Metric]]]:
    of_database = {reading.name: reading.read for reading in readings}
    return Probe(of_database), Probe({"jobs": _jobs})


def _jobs() -> list[Metric]:
    return [GaugeMetricFamily("titanobova_jobs_waiting", "Jobs in the queue that no worker has taken.", jobs_waiting())]
