"""`manage.py seal_audit`: seal the rows of the audit log that have no seal yet."""

from typing import Any

from django.core.management.base import CommandError

from audit.sealing import ChainBroken, seal_log
from titanobova.commands import OperatorCommand


class Command(OperatorCommand):
    """The periodic job does the same; its own fact is the line in logs/security.log, for a row would need a seal."""

    help = "Seals what was written to the audit log since the last time, and publishes the head of the chain."

    def handle(self, *args: Any, **options: Any) -> None:
        """Seal, and say how many rows.

        :raises CommandError: when the chain cannot be gone on with.
        """
        try:
            self.stdout.write(f"{seal_log()} rows were sealed.")
        except ChainBroken as error:
            raise CommandError(f"{error} Ask verify_audit.") from error
