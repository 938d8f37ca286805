"""`manage.py purge_contacts`: delete what need not be kept any longer."""

from argparse import ArgumentParser
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from audit.actor import Actor
from contacts.services.purging import closed_before, purge_contacts, spam_before
from titanobova.commands import OperatorCommand

MOST_DAYS = 36_500


class Command(OperatorCommand):
    """Open contacts always stay; nothing goes whose age was not named."""

    help = "Deletes closed contacts, and spam, that are older than so many days. Without an age nothing is deleted."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the ages."""
        parser.add_argument("--older-than", type=int, metavar="DAYS", help="delete closed contacts older than this")
        parser.add_argument("--spam-older-than", type=int, metavar="DAYS", help="delete spam older than this")
        parser.add_argument("--dry-run", action="store_true", help="only count")

    def handle(self, *args: Any, **options: Any) -> None:
        """Delete or count, and say how many.

        :raises CommandError: without an age, or for one that is none.
        """
        if options["older_than"] is None and options["spam_older_than"] is None:
            raise CommandError("Name an age: --older-than DAYS, --spam-older-than DAYS or both.")
        closed = closed_before(_days_ago(options["older_than"]))
        spam = spam_before(_days_ago(options["spam_older_than"]))
        if options["dry_run"]:
            self.stdout.write(f"Would delete {closed.count()} closed contacts and {spam.count()} marked as spam.")
            return
        purged = purge_contacts(closed=closed, spam=spam, by=Actor.from_system("purge_contacts"))
        self.stdout.write(f"Deleted {purged.closed} closed contacts and {purged.spam} marked as spam.")


def _days_ago(days: int | None) -> datetime | None:
    if days is None:
        return None
    if not 0 <= days <= MOST_DAYS:
        raise CommandError(f"An age is a number of days from 0 to {MOST_DAYS}, and {days} is none.")
    return timezone.now() - timedelta(days=days)
