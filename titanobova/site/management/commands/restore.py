"""`manage.py restore`: a backup, in the place of the database."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.actor import Actor
from titanobova.site.backups.errors import BackupRefused, PicturesMissing
from titanobova.site.backups.restoring import restore_backup


class Command(BaseCommand):
    """Refuses a damaged backup, and refuses to lose what is in the database unless told its name."""

    help = "Restores a file of `manage.py backup`, applies the migrations that it lacks, and brings the pictures back."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the file, and over which database it may go."""
        parser.add_argument("file", type=Path)
        over = parser.add_mutually_exclusive_group(required=True)
        over.add_argument("--into-empty", action="store_true", help="only where no table holds anything")
        over.add_argument("--replace", metavar="NAME", default="", help="lose all that is in the database NAME")
        parser.add_argument("--no-media", action="store_true", help="leave the pictures as they are")

    def handle(self, *args: Any, **options: Any) -> None:
        """Restore it, and print what it was.

        :raises CommandError: when nothing was restored, or not all of it.
        """
        by = Actor.from_system("restore")
        try:
            manifest = restore_backup(
                options["file"], by=by, replace=options["replace"], with_media=not options["no_media"]
            )
        except PicturesMissing as trouble:
            raise CommandError(str(trouble)) from None
        except (BackupRefused, OSError) as refusal:
            raise CommandError(f"Not restored: {refusal}") from None
        self.stdout.write(f"Restored {sum(manifest.rows.values())} rows as of {manifest.made_at}, {manifest.release}.")
