"""A day full of secrets: everything that carries one is done, and secrets are put where none belong.

It happens in a process of its own (test_log_secrets.py), with log files, console and Sentry as in production.
"""

import json
import os
import re
import sys
from typing import Any
from uuid import uuid4

import pyotp
import sentry_sdk
from django.core.management import CommandError, call_command
from django.test import override_settings
from rest_framework.test import APIClient

from examples.stripe_sandbox import StripeSandbox
from examples.stripe_sandbox.webhooks import signed
from tests.access.test_matrix import ROUTES
from tests.conftest import PASSWORD
from tests.payments.conftest import WEBHOOK, event
from tests.shared import failing_urls
from tests.users.mailbox import token_for

VERBS = ("get", "post")
SECRET_FIELDS = ("password", "new_password", "token", "refresh", "code", "client_secret", "api_key", "x")
LOGIN, REFRESH, USERS = "/api/v1/auth/token/", "/api/v1/auth/token/refresh/", "/api/v1/users/"
# Never given out, only sent to us, or held by our settings.
WHERE = ["agent", "cookie", "csrf", "bearer", "basic", "query", "body", "path", "defect", "dsn", "wrong", "signature"]
PLACED = {where: f"{where}-secret-{uuid4().hex[:8]}" for where in WHERE}
STRIPE_KEY, WEBHOOK_SECRET = "sk_test_" + uuid4().hex, "whsec_" + uuid4().hex
# What a library may write into an error: it must not come out of it.
DEFECT = (
    f"postgresql://titanobova:{PLACED['dsn']}@db/x {STRIPE_KEY} {WEBHOOK_SECRET} "
    f"{{'password': '{PLACED['defect']} x'}} "
    f"GET /reset-password?token={PLACED['defect']} Cookie: sessionid={PLACED['cookie']} Bearer {PLACED['bearer']} "
    f"pi_1_secret_{PLACED['defect'].replace('-', '_')}"
)
FAILING = ("/api/v1/failing/defect/", "/api/v1/failing/page/", "/failing/page/")


class Day:
    """One person's day, with a list of the secrets that it came across."""

    def __init__(self, email: str) -> None:
        self.email, self.secrets = email, [PASSWORD, *PLACED.values(), STRIPE_KEY, WEBHOOK_SECRET]
        self.visitor = APIClient(
            raise_request_exception=False,
            HTTP_USER_AGENT=f"curl password={PLACED['agent']}",
            HTTP_COOKIE=f"sessionid={PLACED['cookie']}; csrftoken={PLACED['csrf']}",
        )
        self.person = APIClient(raise_request_exception=False)

    def keep(self, *secrets: str) -> None:
        """Remember what nobody may find."""
        self.secrets += secrets

    def log_in(self) -> dict[str, Any]:
        """Log in with the password, rightly and wrongly, and refresh."""
        self.visitor.post(LOGIN, {"email": self.email, "password": PLACED["wrong"]})
        tokens: dict[str, Any] = self.visitor.post(LOGIN, {"email": self.email, "password": PASSWORD}).json()
        fresh = self.visitor.post(REFRESH, {"refresh": tokens["refresh"]}).json()
        self.keep(tokens["access"], tokens["refresh"], fresh["access"], fresh["refresh"])
        self.person.credentials(HTTP_AUTHORIZATION=f"Bearer {fresh['access']}")
        return tokens

    def use_a_second_factor(self) -> None:
        """Turn it on, log in with it, replace its codes, turn it off."""
        shown = self.person.post(f"{USERS}enable_2fa/").json()
        code, codes = pyotp.TOTP(shown["secret"]).now(), shown["backup_codes"]
        self.person.post(f"{USERS}confirm_2fa/", {"token": code})
        pending = self.visitor.post(LOGIN, {"email": self.email, "password": PASSWORD}).json()["access"]
        for token in ("000000", codes[0]):
            self.visitor.post(f"{USERS}verify_2fa/", {"token": token}, HTTP_AUTHORIZATION=f"Bearer {pending}")
        proof = {"password": PASSWORD, "token": codes[1]}
        newer = self.person.post(f"{USERS}regenerate_backup_codes/", proof).json()["backup_codes"]
        off = self.person.post(f"{USERS}disable_2fa/", {"password": PASSWORD, "token": newer[0]})
        assert off.status_code < 300, off.content
        codes = [*codes, *newer]
        self.keep(shown["secret"], code, pending, *codes, *(code.replace("-", "") for code in codes))

    def follow_mailed_links(self) -> None:
        """Ask for a new password, open the link, use it twice."""
        self.visitor.post(f"{USERS}password_reset/", {"email": self.email})
        token = token_for(self.email)
        self.visitor.get(f"/reset-password?token={token}")
        for _ in range(2):
            body = {"token": token, "new_password": PASSWORD}
            self.visitor.post(f"{USERS}password_reset_confirm/?token={token}", body)
        self.keep(token)

    def pay(self) -> None:
        """Start to pay, and deliver events that Stripe signed and that it did not."""
        begun = self.person.post(
            "/api/v1/payments/create_payment_intent/", {"amount": "49.90", "description": "x"}
        ).json()
        self.keep(begun["client_secret"])
        told = event("payment_intent.succeeded", {"id": "pi_1", "client_secret": begun["client_secret"]})
        body, headers = signed(told, WEBHOOK_SECRET, None)
        self.keep(headers["Stripe-Signature"].partition("v1=")[2])
        for signature in (headers["Stripe-Signature"], f"t=1,v1={PLACED['signature']}"):
            self.visitor.post(WEBHOOK, body, content_type="application/json", HTTP_STRIPE_SIGNATURE=signature)

    def put_secrets_everywhere(self) -> None:
        """Send secrets to every route, in body, query, headers and path; some pages fail with secrets in the error."""
        body = dict.fromkeys(("password", "token", "refresh", "code", "client_secret", "api_key", "x"), PLACED["body"])
        query = f"?token={PLACED['query']}&password={PLACED['query']}&code={PLACED['query']}"
        headers: dict[str, Any] = {"HTTP_AUTHORIZATION": f"Basic {PLACED['basic']}", "HTTP_X_API_KEY": PLACED["bearer"]}
        for route in (route for route in ROUTES if "logout" not in route):
            path = "/" + re.sub(r"<uuid:[^>]+>", str(uuid4()), route)
            path = re.sub(r"<[^>]+>", "no-such-thing", path)
            for verb in VERBS:
                getattr(self.person, verb)(path + query, body)
                getattr(self.visitor, verb)(path + query, body, **headers)
        nowhere = (f"/api/v1/nowhere/{PLACED['path']}", f"/nowhere/{PLACED['path']}")
        for path in (*nowhere, "/admin/users/", *FAILING):
            self.visitor.get(path + query, **headers)
        self.visitor.post("/admin/login/", {"username": self.email, "password": PASSWORD, "token": PLACED["body"]})

    def import_with_a_password(self) -> None:
        """Import from a database that is not there, by an address with a password."""
        try:
            call_command("import_from_nodejs", f"mysql://root:{PLACED['dsn']}@127.0.0.1:1/old")
        except (CommandError, SystemExit) as refusal:
            print(refusal, file=sys.stderr)


def live() -> None:
    """Live the day on the database of the environment, and print its secrets on the last line."""
    failing_urls.FailingView.error = RuntimeError(DEFECT)
    with (
        StripeSandbox(webhook_secret=WEBHOOK_SECRET, key=STRIPE_KEY) as stripe,
        override_settings(
            STRIPE_SECRET_KEY=STRIPE_KEY,
            STRIPE_API_BASE=stripe.url,
            STRIPE_WEBHOOK_SECRETS=[WEBHOOK_SECRET],
            ROOT_URLCONF="tests.shared.failing_urls",
            CELERY_TASK_ALWAYS_EAGER=False,  # mail waits in the outbox
        ),
    ):
        day = Day(os.environ["EMAIL"])
        day.log_in()
        day.use_a_second_factor()
        day.pay()
        day.put_secrets_everywhere()
        day.import_with_a_password()
        day.follow_mailed_links()
        # All of it within these settings: without them the mail would leave by the console, where its link belongs.
        sentry_sdk.flush(5)
        print("\nSECRETS " + json.dumps(day.secrets), flush=True)
        os._exit(0)
