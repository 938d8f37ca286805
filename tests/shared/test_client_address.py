"""Whose address counts: what a client writes into X-Forwarded-For helps it nowhere."""

import http.client
import threading
from collections.abc import Iterable
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from django.conf import LazySettings
from django.core.handlers.wsgi import WSGIRequest
from django.test import RequestFactory
from rest_framework.test import APIClient

from audit.models import AuditLog
from tests.shared.conftest import Lines
from titanobova.http import client_address
from titanobova.throttling import network_of
from users.models import LoginAttempt

LOGIN = "/api/v1/auth/token/"
PEER, CLIENT = "203.0.113.9", "198.51.100.7"

TABLE = [
    # trusted proxies, X-Forwarded-For, address
    (0, None, PEER),
    (0, CLIENT, PEER),
    (0, "10.0.0.1, 10.0.0.2, 10.0.0.3", PEER),
    (1, None, PEER),
    (1, "", PEER),
    (1, CLIENT, CLIENT),
    (1, f" {CLIENT} ", CLIENT),
    (1, f"10.0.0.1, {CLIENT}", CLIENT),
    (1, f"10.0.0.1,10.0.0.2,10.0.0.3,10.0.0.4,{CLIENT}", CLIENT),
    (1, f"127.0.0.1,, ,{CLIENT}", CLIENT),
    (1, f"{CLIENT}:51515", CLIENT),
    (1, "2001:db8::7", "2001:db8::7"),
    (1, "2001:0DB8:0:0::0007", "2001:db8::7"),
    (1, "[2001:db8::7]", "2001:db8::7"),
    (1, "[2001:db8::7]:51515", "2001:db8::7"),
    (1, f"::ffff:{CLIENT}", CLIENT),
    (1, f"[::ffff:{CLIENT}]:51515", CLIENT),
    (1, "fe80::7%eth0", "fe80::7"),
    (1, "unknown", PEER),
    (1, "_hidden", PEER),
    (1, "256.1.1.1", PEER),
    (1, "1.2.3", PEER),
    (1, "010.0.0.1", PEER),
    (1, "<script>", PEER),
    (1, "' OR 1=1 --", PEER),
    (1, f"{CLIENT}, ", PEER),
    (1, "[", PEER),
    (1, ":", PEER),
    (1, "%", PEER),
    (1, "\u0661.2.3.4", PEER),
    (1, "x" * 8000, PEER),
    (2, None, PEER),
    (2, CLIENT, PEER),
    (2, f"{CLIENT}, 10.0.0.9", CLIENT),
    (2, f"10.0.0.1, {CLIENT}, 10.0.0.9", CLIENT),
    (2, f"10.0.0.1, 10.0.0.2, 10.0.0.3, {CLIENT}, 10.0.0.9", CLIENT),
    (2, "garbage, 10.0.0.9", PEER),
]


@pytest.mark.parametrize(("trusted", "claimed", "address"), TABLE)
def test_exactly_the_trusted_proxies_are_believed(
    settings: LazySettings, trusted: int, claimed: str | None, address: str
) -> None:
    settings.TRUSTED_PROXY_COUNT = trusted
    headers = {} if claimed is None else {"X-Forwarded-For": claimed}

    assert client_address(RequestFactory().get("/", REMOTE_ADDR=PEER, headers=headers)) == address


@pytest.mark.parametrize(
    ("peer", "address"),
    [("", "0.0.0.0"), ("unix:", "0.0.0.0"), ("::1", "::1"), (f"::ffff:{CLIENT}", CLIENT), ("fe80::7%eth0", "fe80::7")],
)
def test_a_peer_without_an_address_of_its_own_has_a_stand_in(peer: str, address: str) -> None:
    assert client_address(RequestFactory().get("/", REMOTE_ADDR=peer)) == address


def test_other_headers_about_the_client_are_never_read() -> None:
    forged = dict.fromkeys(("X-Real-IP", "Forwarded", "Client-IP", "True-Client-IP", "Remote-Addr"), CLIENT)

    assert client_address(RequestFactory().get("/", REMOTE_ADDR=PEER, headers=forged)) == PEER


def test_two_headers_are_one_list_over_a_real_connection(settings: LazySettings) -> None:
    settings.TRUSTED_PROXY_COUNT = 1

    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [])
        return [client_address(WSGIRequest(environ)).encode()]

    server = make_server("127.0.0.1", 0, answer, handler_class=QuietHandler)
    thread = threading.Thread(target=server.handle_request)
    thread.start()
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=5)
    connection.putrequest("GET", "/")
    connection.putheader("X-Forwarded-For", "10.0.0.1")
    connection.putheader("X-Forwarded-For", CLIENT)
    connection.endheaders()
    seen = connection.getresponse().read().decode()
    connection.close()
    thread.join()
    server.server_close()

    assert seen == CLIENT


class QuietHandler(WSGIRequestHandler):
    """A handler that prints nothing."""

    def log_message(self, *args: Any) -> None:
        """Print nothing."""


@pytest.mark.django_db
@pytest.mark.parametrize("trusted", [0, 1])
def test_a_new_lie_for_each_request_passes_no_limit(settings: LazySettings, trusted: int) -> None:
    settings.TRUSTED_PROXY_COUNT = trusted
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "anon": (5, 3600)}
    added_by_the_proxy = f", {CLIENT}" if trusted else ""

    statuses = [
        APIClient(REMOTE_ADDR=PEER).post(LOGIN, {}, headers={"X-Forwarded-For": f"10.0.0.{lie}{added_by_the_proxy}"})
        for lie in range(20)
    ]

    assert [answer.status_code for answer in statuses] == [400] * 5 + [429] * 15


@pytest.mark.django_db
@pytest.mark.parametrize(("trusted", "address"), [(0, PEER), (1, CLIENT)])
def test_audit_log_tries_and_log_files_hold_the_same_address(
    settings: LazySettings, everything_log: Lines, security_log: Lines, trusted: int, address: str
) -> None:
    settings.TRUSTED_PROXY_COUNT = trusted
    forged = {"X-Forwarded-For": f"10.0.0.1, {CLIENT}"}

    APIClient(REMOTE_ADDR=PEER).post(LOGIN, {"email": "a@example.com", "password": "x"}, headers=forged)

    assert AuditLog.objects.get().ip_address == address
    assert LoginAttempt.objects.get().ip_address == address
    assert {line["ip_address"] for line in everything_log() + security_log()} == {address}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::9", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("192.0.2.1", "192.0.2.2", False),
    ],
)
def test_the_addresses_of_one_subscriber_share_a_limit(one: str, other: str, *, same: bool) -> None:
    assert (network_of(one) == network_of(other)) is same
