"""`manage.py check_ledger`: recompute every payment from its facts."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from payments.services.checking import differences


class Command(BaseCommand):
    """Reads all payments and changes none; run it after a restore, or from a monitor."""

    help = "Names the payments whose status, amounts or access do not follow from the ledger; exits 1 if there are any."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print a line for each difference.

        :raises CommandError: when there is one.
        """
        found = 0
        for line in differences():
            self.stdout.write(line)
            found += 1
        if found:
            raise CommandError(f"{found} differences between payments and their ledger.")
        self.stdout.write("Every payment is what its ledger says.")
