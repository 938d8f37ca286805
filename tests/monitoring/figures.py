"""Reading /metrics as Prometheus does."""

from typing import Any

from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

TOKEN = "scrape-9f8e7d6c5b4a"
Figures = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def scrape(token: str = TOKEN, **extra: Any) -> Any:
    """Return the answer to a request for the figures."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return Client(headers=headers).get("/metrics", **extra)


def families() -> dict[str, Any]:
    """Return each metric that is told, by its name."""
    return {family.name: family for family in text_string_to_metric_families(scrape().content.decode())}


def figures() -> Figures:
    """Return each figure by its name and labels."""
    samples = [sample for family in families().values() for sample in family.samples]
    return {(sample.name, tuple(sorted(sample.labels.items()))): sample.value for sample in samples}


def figure(name: str, found: Figures | None = None, **labels: str) -> float:
    """Return one figure; what was never counted is nought."""
    return (found if found is not None else figures()).get((name, tuple(sorted(labels.items()))), 0.0)
