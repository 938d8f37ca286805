"""`manage.py run_demo`: everything `make run` does after the installation, in one process so that it starts fast."""

from argparse import ArgumentParser
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Migrate, seed the demo, say where it is, serve."""

    help = "Migrates, fills the database with the demo and serves it on this machine."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the port."""
        parser.add_argument("port", type=int, nargs="?", default=8000)

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve until interrupted; safe to run again at any time."""
        call_command("migrate", verbosity=0)
        call_command("seed_demo", address=f"http://localhost:{options['port']}")
        call_command("runserver", f"127.0.0.1:{options['port']}", use_reloader=False, skip_checks=True)
