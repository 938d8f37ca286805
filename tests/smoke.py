"""Send the migration guide's requests to a running server, and print `pass` or `FAIL` for each.

    python tests/smoke.py http://localhost:8000

They are the guide's curls, read from docs/migration-guide.md and sent as printed there but for the address and
`<token>`, which is the access token that the login answered. SMOKE_EMAIL and SMOKE_PASSWORD log in where the guide's
demo account does not exist, as in production. A run leaves one message among the contacts and, where payments are
configured, one payment that nobody pays. The exit code is 0 when all pass, 1 when one fails, 2 for a wrong call.
"""

import argparse
import json
import os
import re
import shlex
import sys
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path
from typing import Any, NamedTuple
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

GUIDE = Path(__file__).resolve().parent.parent / "docs" / "migration-guide.md"
SECONDS = 20  # that a server may take for an answer
PROOF = {  # what a success answers, by the end of its path
    "auth/token/": "access",
    "contacts/contacts/": "id",
    "payments/create_payment_intent/": "client_secret",
}


class Curl(NamedTuple):
    """One request of the guide: its heading there, and what curl would send."""

    name: str
    verb: str
    path: str
    headers: dict[str, str]
    body: str


class Answer(NamedTuple):
    """A status, 0 if there was none, and the members of the body; `trouble` says why there was no answer."""

    status: int
    body: dict[str, Any]
    trouble: str = ""


class Outcome(NamedTuple):
    """Whether a request passed, and the line that says so."""

    passed: bool
    line: str


def curls(guide: str) -> list[Curl]:
    """Return the requests of the guide's curl commands, in its order.

    :raises LookupError: when there is none.
    """
    commands = re.findall(r"^### ([^\n]+)\n```bash\n(curl .+?)^```$", guide, re.MULTILINE | re.DOTALL)
    if not commands:
        raise LookupError("The guide holds no curl.")
    return [_parse(name, command) for name, command in commands]


def _parse(name: str, command: str) -> Curl:
    options = argparse.ArgumentParser("curl", add_help=False)
    options.add_argument("-X", dest="verb", default="GET")
    options.add_argument("-H", dest="headers", action="append", default=[])
    options.add_argument("-d", dest="body", default="")
    options.add_argument("url")
    given = options.parse_args(shlex.split(command.replace("\\\n", " "))[1:])
    headers = dict(header.split(": ", 1) for header in given.headers)
    return Curl(name, given.verb, urlsplit(given.url).path, headers, given.body)


def smoke(url: str, guide: str) -> Iterator[Outcome]:
    """Send the guide's requests to the server at `url`, one after the other."""
    token = ""
    for curl in curls(guide):
        answer = _send(url, _fill(curl, token))
        token = str(answer.body.get("access") or token)
        yield _judge(curl, answer)


def _fill(curl: Curl, token: str) -> Curl:
    """Put the token, and the e-mail and password of the environment if there are any, where the guide's stand."""
    headers = {name: text.replace("<token>", token) for name, text in curl.headers.items()}
    own = {"username": os.environ.get("SMOKE_EMAIL"), "password": os.environ.get("SMOKE_PASSWORD")}
    members = json.loads(curl.body)
    members |= {name: text for name, text in own.items() if text and name in members}
    return curl._replace(headers=headers, body=json.dumps(members))


class _NoRedirect(HTTPRedirectHandler):
    """A redirected POST loses its body: the redirect itself is the answer to report."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _send(url: str, curl: Curl) -> Answer:
    request = Request(url.rstrip("/") + curl.path, curl.body.encode(), curl.headers, method=curl.verb)
    try:
        with build_opener(_NoRedirect).open(request, timeout=SECONDS) as response:
            return Answer(response.status, _members(response.read()))
    except HTTPError as refusal:
        with refusal:
            return Answer(refusal.code, _members(refusal.read()))
    except (OSError, HTTPException) as trouble:
        return Answer(0, {}, f"no answer ({trouble})")


def _members(body: bytes) -> dict[str, Any]:
    try:
        decoded = json.loads(body)
    except ValueError:
        return {}  # a page of some proxy
    return decoded if isinstance(decoded, dict) else {}


def _judge(curl: Curl, answer: Answer) -> Outcome:
    proof = next((member for end, member in PROOF.items() if curl.path.endswith(end)), None)
    succeeded = answer.status in {200, 201} and (proof is None or bool(answer.body.get(proof)))
    not_configured = answer.status == 503 and answer.body.get("code") == "payments_not_configured"
    passed = (succeeded and not answer.body.get("requires_2fa")) or not_configured
    remark = "second factor asked for" if answer.body.get("requires_2fa") else answer.body.get("code", "")
    told = answer.trouble or f"{answer.status} {remark}".strip()
    return Outcome(passed, f"{'pass' if passed else 'FAIL'}  {curl.name}: {told}")


def main() -> int:
    """Read the address from the command line, print a line for each request and return the exit code."""
    parser = argparse.ArgumentParser(prog="tests/smoke.py", description="The migration guide's requests, sent.")
    parser.add_argument("url", help="where the server is, such as http://localhost:8000")
    url = parser.parse_args().url
    if urlsplit(url).scheme not in {"http", "https"}:
        parser.error(f"{url} is no http:// or https:// address")
    all_passed = True
    for outcome in smoke(url, GUIDE.read_text()):
        print(outcome.line, flush=True)
        all_passed = all_passed and outcome.passed
    return 0 if all_passed else 1


if __name__ == "__main__":
    sys.exit(main())
