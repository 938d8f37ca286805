"""`manage.py reconcile_payments`: compare our ledger with Stripe, and record what was missed."""

from argparse import ArgumentParser, ArgumentTypeError
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from audit.actor import Actor
from payments.gateway import GatewayUnavailable, PaymentsNotConfigured
from payments.services.reconciling import Report, reconcile
from payments.stripe_lists import TooMuchToList
from titanobova.commands import OperatorCommand

LONGEST = 3650  # days


class Command(OperatorCommand):
    """The hourly job does the same for two days; run it by hand after an outage of ours that was longer."""

    help = "Records payments, refunds and disputes of which no event came; exits 1 on a difference it cannot repair."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the number of days."""
        parser.add_argument("--since", type=_days, default=7, metavar="DAYS", help="how far back to look (default: 7)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Compare, and print what was found, repaired and not repairable.

        :raises CommandError: when something cannot be repaired, or Stripe cannot be asked.
        """
        since = timezone.now() - timedelta(days=options["since"])
        try:
            report = reconcile(since, by=Actor.from_system("reconciliation"))
        except (GatewayUnavailable, PaymentsNotConfigured, TooMuchToList) as refusal:
            raise CommandError(refusal.text) from refusal
        self._print(report)
        if report.unrepairable:
            raise CommandError(f"{len(report.unrepairable)} differences cannot be repaired.")

    def _print(self, report: Report) -> None:
        self.stdout.write(f"{'':10}{'at Stripe':>12}{'repaired':>12}")
        for kind in ("event", "intent", "refund", "dispute"):
            repaired = sum(line.startswith(f"{kind} ") for line in report.repaired)
            self.stdout.write(f"{kind + 's':10}{report.found[kind]:>12}{repaired:>12}")
        for line in report.repaired:
            self.stdout.write(f"repaired: {line}")
        for line in report.unrepairable:
            self.stdout.write(f"NOT REPAIRABLE: {line}")


def _days(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= LONGEST:
        raise ArgumentTypeError(f"a number of days from 1 to {LONGEST}")
    return int(text)
