"""`manage.py run_demo`: everything `make run` does after the installation, in one process so that it starts fast."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

from titanobova.site.demo_payments import play_stripe

TEST_MONEY = """  Paying with TEST MONEY          {page}
      what somebody starts to pay waits there; no card is charged
"""

USUAL = "http://localhost:8000"  # what PUBLIC_URL is where nobody has said


def lead_links_to(port: int) -> None:
    """Let links of mails and certificates lead to the server that is about to serve, unless PUBLIC_URL says where."""
    if settings.PUBLIC_URL == USUAL:
        settings.PUBLIC_URL = f"http://localhost:{port}"
        settings.CSRF_TRUSTED_ORIGINS = [settings.PUBLIC_URL]


class Command(BaseCommand):
    """Migrate, seed the demo, say where it is, serve."""

    help = "Migrates, fills the database with the demo and serves it on this machine, with test money to pay with."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the port."""
        parser.add_argument("port", type=int, nargs="?", default=8000)

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve until interrupted; safe to run again at any time.

        :raises CommandError: with DEBUG off.
        """
        port = options["port"]
        lead_links_to(port)
        with play_stripe(f"http://127.0.0.1:{port}") as page:
            call_command("migrate", verbosity=0)
            call_command("seed_demo", address=f"http://localhost:{port}")
            if page:
                self.stdout.write(TEST_MONEY.format(page=page))
                self.stdout.flush()
            call_command("runserver", f"127.0.0.1:{port}", use_reloader=False, skip_checks=True)
