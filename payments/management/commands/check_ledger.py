"""`manage.py check_ledger`: recompute every payment from its facts."""

from itertools import chain
from typing import Any

from django.core.management.base import CommandError

from payments.services.checking import differences, missing_numbers
from titanobova.commands import OperatorCommand


class Command(OperatorCommand):
    """Reads all payments and changes none; run it after a restore, or from a monitor."""

    help = "Names payments whose status, amounts, access or documents do not follow from the ledger, and gaps; exits 1."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print a line for each difference.

        :raises CommandError: when there is one.
        """
        found = 0
        for line in chain(missing_numbers(), differences()):
            self.stdout.write(line)
            found += 1
        if found:
            raise CommandError(f"{found} differences between payments and their ledger.")
        self.stdout.write("Every payment is what its ledger says.")
