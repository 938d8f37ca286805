"""`manage.py purge_audit`: delete the oldest rows of the audit log."""

from argparse import ArgumentParser, ArgumentTypeError
from datetime import UTC, datetime
from typing import Any, NoReturn

from django.core.management.base import CommandError
from django.utils import timezone

from audit.actor import Actor
from audit.purging import purge_log, purgeable
from titanobova.commands import OperatorCommand


class Command(OperatorCommand):
    """Nothing goes whose age was not named; a signed tombstone stays for what goes."""

    help = "Deletes the sealed rows of the audit log that are older than a date, and leaves a signed tombstone."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the date."""
        add = parser.add_argument
        add("--before", type=_instant, required=True, metavar="DATE", help="2025-01-31, or an instant with its zone")
        add("--dry-run", action="store_true", help="only count")

    def handle(self, *args: Any, **options: Any) -> None:
        """Delete or count, and say how many.

        :raises CommandError: for an instant that is still to come.
        """
        before = options["before"]
        if before > timezone.now():
            raise CommandError("--before is still to come: what has not happened cannot be purged.")
        if options["dry_run"]:
            count = sum(last - first + 1 for first, last in purgeable(before))
            self.stdout.write(f"Would delete {count} rows.")
            return
        self.stdout.write(f"Deleted {purge_log(before, by=Actor.from_system('purge_audit'))} rows.")


def _instant(text: str) -> datetime:
    refusal = ArgumentTypeError("a date like 2025-01-31 (UTC), or an instant like 2025-01-31T12:00:00+01:00")
    try:
        instant = datetime.fromisoformat(text)
        zone = instant.tzinfo or (UTC if len(text) == len("2025-01-31") else None)
        return instant.replace(tzinfo=zone).astimezone(UTC) if zone else _refuse(refusal)
    except (ValueError, OverflowError):
        raise refusal from None


def _refuse(refusal: Exception) -> NoReturn:
    raise refusal
