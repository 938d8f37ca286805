"""`manage.py apply_retention`: delete what was kept for as long as the settings say."""

from argparse import ArgumentParser
from typing import Any

from audit.actor import Actor
from titanobova.commands import OperatorCommand
from titanobova.site.retention import EXPIRED, KEPT, apply_retention, count_old


class Command(OperatorCommand):
    """Beat has the worker do the same every night; where there is no beat, call this from cron."""

    help = "Deletes old mail and traces of logins, after the days that MAIL_KEPT_DAYS and its like say."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take whether to delete at all."""
        parser.add_argument("--dry-run", action="store_true", help="only count")

    def handle(self, *args: Any, **options: Any) -> None:
        """Delete or count, and say how many rows of each kind."""
        is_dry = options["dry_run"]
        gone = count_old() if is_dry else apply_retention(by=Actor.from_system("apply_retention")).gone
        kinds = [kept.kind for kept in KEPT] + ([] if is_dry else [EXPIRED])
        counts = ", ".join(f"{kind} {gone.get(kind, 0)}" for kind in kinds)
        self.stdout.write(f"{'Would delete' if is_dry else 'Deleted'}: {counts}.")
