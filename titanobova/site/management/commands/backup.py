"""`manage.py backup`: all that is stored, into one file."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from audit.actor import Actor
from titanobova.commands import OperatorCommand
from titanobova.site.backups.errors import BackupRefused
from titanobova.site.backups.making import make_backup


class Command(OperatorCommand):
    """People work on meanwhile; the file holds everything as of one instant, or there is no file."""

    help = "Writes the database and the uploaded pictures into one file, with a digest of each part."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take where to, and whether with pictures."""
        parser.add_argument("target", type=Path, help="a new file, or a folder in which one is made")
        parser.add_argument("--no-media", action="store_true", help="leave the uploaded pictures out")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make it, and print its name and digest.

        :raises CommandError: when there is no backup.
        """
        by = Actor.from_system("backup")
        try:
            made = make_backup(options["target"], by=by, with_media=not options["no_media"])
        except (BackupRefused, OSError) as refusal:
            raise CommandError(f"No backup: {refusal}") from None
        self.stdout.write(f"{made.path}: {made.size} bytes, {made.rows} rows, {made.files} pictures")
        self.stdout.write(f"SHA-256 {made.sha256}")
