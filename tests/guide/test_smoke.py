"""The smoke run: the guide's requests against any server, a line and a verdict each."""

import json
import re
import subprocess
import sys

from pytest_django.live_server_helper import LiveServer

from tests import smoke
from tests.conftest import PASSWORD
from tests.guide.document import GUIDE
from users.models import User


def run_smoke(url: str, **variables: str) -> tuple[list[str], str, int]:
    """Run the script by itself; return its verdicts, all that it printed and its exit code."""
    command = [sys.executable, smoke.__file__, url]
    ended = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=60, check=False)
    return re.findall(r"^\w+", ended.stdout, re.MULTILINE), ended.stdout + ended.stderr, ended.returncode


def test_all_pass_where_the_demo_account_exists(live_server: LiveServer) -> None:
    login = json.loads(smoke.curls(GUIDE)[0].body)
    User.objects.create_superuser(login["username"], login["password"])

    verdicts, printed, code = run_smoke(live_server.url)

    assert (verdicts, code) == (["pass"] * 3, 0), printed
    assert "503 payments_not_configured" in printed


def test_all_pass_with_an_account_of_ones_own(live_server: LiveServer, student: User) -> None:
    verdicts, printed, code = run_smoke(live_server.url, SMOKE_EMAIL=student.email, SMOKE_PASSWORD=PASSWORD)

    assert (verdicts, code) == (["pass"] * 3, 0), printed
    assert PASSWORD not in printed


def test_a_login_that_fails_fails_what_needs_it(live_server: LiveServer) -> None:
    verdicts, printed, code = run_smoke(live_server.url)

    assert (verdicts, code) == (["FAIL", "pass", "FAIL"], 1), printed
    assert "401 invalid_credentials" in printed


def test_a_login_that_waits_for_a_second_factor_fails(live_server: LiveServer, student: User) -> None:
    User.objects.filter(pk=student.pk).update(totp_enabled=True, totp_secret="encrypted")

    verdicts, printed, _ = run_smoke(live_server.url, SMOKE_EMAIL=student.email, SMOKE_PASSWORD=PASSWORD)

    assert verdicts == ["FAIL", "pass", "FAIL"], printed
    assert "200 second factor asked for" in printed


def test_nothing_passes_where_no_server_is() -> None:
    verdicts, printed, code = run_smoke("http://127.0.0.1:1")

    assert (verdicts, code) == (["FAIL"] * 3, 1), printed
    assert "no answer" in printed


def test_an_address_without_a_scheme_is_refused() -> None:
    assert run_smoke("localhost:8000")[::2] == ([], 2)
