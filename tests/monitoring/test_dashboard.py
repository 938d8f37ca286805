"""What the dashboard, the alerts and the documentation name, against what is really told."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from audit.services import SECURITY_EVENTS
from tests.monitoring.figures import families
from titanobova import metrics
from titanobova.queries import Tally

ROOT = Path(__file__).parents[2]
GRAFANA = ROOT / "deploy" / "grafana"
DASHBOARD: dict[str, Any] = json.loads((GRAFANA / "dashboard.json").read_text())
ALERTS: list[dict[str, Any]] = yaml.safe_load((GRAFANA / "alerts.yml").read_text())["groups"][0]["rules"]
PROMETHEUS: dict[str, Any] = yaml.safe_load((GRAFANA / "prometheus.yml").read_text())
DOCUMENTED = (ROOT / "docs" / "monitoring.md").read_text()
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
QUESTIONS = [target["expr"] for panel in PANELS for target in panel["targets"]] + [rule["expr"] for rule in ALERTS]
SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}


@pytest.fixture
def told(db: None) -> dict[str, set[str]]:
    """Return each name that Prometheus hears, with its labels, once everything has happened at least once."""
    metrics.note_request("GET", "/", 500, 0.1, Tally())
    metrics.LOGINS.labels("wrong").inc()
    metrics.RATE_LIMIT_REFUSALS.labels("anon").inc()
    metrics.WEBHOOK_EVENTS.labels("bad_signature").inc()
    metrics.JOBS.labels("titanobova.email.deliver_mail", "done").observe(0.1)
    metrics.MAIL_TRIES.labels("accepted").inc()
    names: dict[str, set[str]] = {}
    for family in ours().values():
        labels = {label for sample in family.samples for label in sample.labels} | LABELS.get(family.name, set())
        names |= {family.name + suffix: labels for suffix in SUFFIXES[family.type]}
    return names


# Of figures that have no line without an import, or without a worker.
LABELS = {
    "titanobova_import_rows": {"table", "outcome"},
    "titanobova_import_source_rows": {"table"},
    "titanobova_heartbeat_age_seconds": {"process"},
}


def ours() -> dict[str, Any]:
    """Return the metrics that are ours and not the library's."""
    return {name: family for name, family in families().items() if name.startswith("titanobova_")}


def selectors(question: str) -> Iterator[tuple[str, set[str]]]:
    """Yield each metric of a question in PromQL, with the labels that it must have."""
    for name, matchers in re.findall(r"(titanobova_\w+)(\{[^}]*\})?", question):
        yield name, set(re.findall(r"(\w+)\s*(?:=~|!=|!~|=)", matchers))


def test_every_metric_and_label_that_is_asked_for_exists(told: dict[str, set[str]]) -> None:
    asked = [one for question in QUESTIONS for one in selectors(question)]

    assert len(asked) > 30
    assert [one for one in asked if one[0] not in told or not one[1] <= told[one[0]]] == []


def test_every_grouping_is_by_labels_of_its_metric(told: dict[str, set[str]]) -> None:
    for question in QUESTIONS:
        available = {label for name, _ in selectors(question) for label in told.get(name, set())} | {"le"}
        for by in re.findall(r"by \(([^)]*)\)", question):
            assert set(re.split(r",\s*", by)) <= available, question


def test_no_label_is_one_that_prometheus_gives_itself(told: dict[str, set[str]]) -> None:
    """It would keep ours under another name (`exported_job`), and every question for it would go astray."""
    assert [name for name, labels in told.items() if labels & {"job", "instance"}] == []


def test_every_metric_is_shown_on_the_dashboard(told: dict[str, set[str]]) -> None:
    shown = {name for panel in PANELS for target in panel["targets"] for name, _ in selectors(target["expr"])}

    assert {family for family in ours() if not any(name.startswith(family) for name in shown)} == set()


@pytest.mark.usefixtures("told")
def test_every_metric_is_explained_and_no_other() -> None:
    explained = set(re.findall(r"(?m)^\| `(titanobova_\w+)`", DOCUMENTED))

    assert explained == {f"{family.name}{'_total' if family.type == 'counter' else ''}" for family in ours().values()}


def test_every_alert_is_explained_and_says_whom_to_wake() -> None:
    assert {rule["alert"] for rule in ALERTS} == set(re.findall(r"(?m)^\| `([A-Z]\w+)`", DOCUMENTED))
    assert {rule["labels"]["severity"] for rule in ALERTS} == {"page", "ticket"}
    assert all(rule["annotations"]["summary"].endswith(".") for rule in ALERTS)


def test_every_security_fact_is_explained() -> None:
    (table,) = re.findall(r"(?s)\| fact in security.log .*?\n\n", DOCUMENTED)

    assert set(re.findall(r"`([a-z0-9_.]+)`", table)) >= SECURITY_EVENTS


def test_every_panel_explains_itself_and_none_lies_over_another() -> None:
    places = [tuple(panel["gridPos"][side] for side in "xywh") for panel in DASHBOARD["panels"]]
    cells = [(x + right, y + down) for x, y, w, h in places for right in range(w) for down in range(h)]

    assert all(panel["description"].endswith(".") and panel["fieldConfig"]["defaults"]["unit"] for panel in PANELS)
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])


def test_brackets_of_every_question_are_closed() -> None:
    for question in QUESTIONS:
        for pair in ("()", "{}", "[]"):
            assert question.count(pair[0]) == question.count(pair[1]), question


def test_prometheus_finds_the_figures_and_the_rules_and_sends_the_token() -> None:
    web, worker = PROMETHEUS["scrape_configs"]
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]

    assert (GRAFANA / PROMETHEUS["rule_files"][0]).is_file()
    assert (web["job_name"], worker["job_name"]) == ("titanobova", "titanobova-worker")
    assert web["metrics_path"] == worker["metrics_path"] == "/metrics"
    assert web["authorization"] == worker["authorization"]
    assert web["authorization"]["type"] == "Bearer"
    (found_by,) = worker["dns_sd_configs"]
    assert found_by["names"] == ["worker"]
    assert compose["worker"]["environment"]["WORKER_METRICS_BIND"] == f"0.0.0.0:{found_by['port']}"
    assert any('job="titanobova"' in rule["expr"] for rule in ALERTS)
