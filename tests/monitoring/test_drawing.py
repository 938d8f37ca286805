"""The picture of the dashboard holds what a Prometheus answered, panel by panel."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest

from docs.draw_dashboard import DASHBOARD, PICTURE, Line, ask, draw

PANELS: list[dict[str, Any]] = json.loads(DASHBOARD.read_text())["panels"]
SHOWN = [panel for panel in PANELS if panel["type"] != "row"]
ANSWERED = {
    "data": {
        "result": [
            {"metric": {"route": "/<a&b>/"}, "values": [[0, "1"], [10, "NaN"], [20, "3"]]},
            {"metric": {"route": "/never/"}, "values": [[0, "NaN"], [10, "+Inf"]]},
        ]
    }
}


@pytest.fixture
def prometheus() -> Iterator[tuple[str, list[dict[str, list[str]]]]]:
    """Play Prometheus: its address, and what it was asked."""
    asked: list[dict[str, list[str]]] = []

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(parse_qs(urlsplit(self.path).query))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(ANSWERED).encode())

        def log_message(self, *args: object) -> None:
            """Keep the test's output clean."""

    server = HTTPServer(("127.0.0.1", 0), Answers)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    thread.join()
    server.server_close()


def test_each_query_is_asked_as_grafana_would_and_no_number_is_made_up(
    prometheus: tuple[str, list[dict[str, list[str]]]],
) -> None:
    address, asked = prometheus
    (slowest,) = [panel for panel in SHOWN if panel["title"].startswith("Slowest routes")]

    lines = ask(address, slowest, 0, 60, "1m")

    assert lines == [Line("/<a&b>/", {0: 1.0, 20: 3.0})]
    (query,) = asked[0]["query"]
    assert "[1m]" in query
    assert "$" not in query


def test_every_panel_is_drawn_and_one_without_an_answer_says_so() -> None:
    answers = {panel["id"]: [Line("<x&y>", {0: 0.0, 30: 2.0, 60: 1.0})] for panel in SHOWN}
    answers[SHOWN[0]["id"]] = []

    svg = ElementTree.fromstring(draw(PANELS, answers, 0, 60))

    texts = [one.text for one in svg.iter("{http://www.w3.org/2000/svg}text")]
    assert [panel["title"] for panel in PANELS if panel["title"] not in texts] == []
    assert texts.count("no data") == 1
    assert texts.count("<x&y>") == len(SHOWN) - 1
    boxes = [one for one in svg.iter("{http://www.w3.org/2000/svg}rect") if one.get("class") == "panel"]
    assert len(boxes) == len(SHOWN)


def test_what_is_stacked_adds_up_to_what_there_is() -> None:
    (stacked,) = [panel for panel in SHOWN if panel["title"] == "Requests by outcome"]
    lines = [Line("2xx", {0: 60.0, 60: 60.0}), Line("4xx", {0: 39.0, 60: 39.0})]

    svg = draw([stacked], {stacked["id"]: lines}, 0, 60)

    assert ">100 /s<" in svg  # the axis reaches as far as both together


def test_the_picture_is_small_and_shown() -> None:
    assert PICTURE.stat().st_size < 300_000
    assert f"](pictures/{PICTURE.name})" in (Path(PICTURE).parents[1] / "monitoring.md").read_text()
