"""`manage.py seed_demo`: something to look at, for development only."""

from argparse import ArgumentParser
from io import StringIO
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from titanobova.site.demo import ADMIN_EMAIL, ADMIN_PASSWORD, SAMPLE, make_admin, make_courses

LETTER = """
  The API and its documentation   {address}/api/v1/
  The admin                       {address}/admin/
      {email}   {password}
  Somebody of the old site        person01@example.com   Legacy-pass-01
"""


class Command(BaseCommand):
    """Make the demo admin and courses, and import the sample of the old site by the real importer."""

    help = "Fills an empty development database: the guide's admin, twelve courses, the old site's sample."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the address that the printed links start with."""
        parser.add_argument("--address", default="http://localhost:8000", help="where the server will answer")

    def handle(self, *args: Any, **options: Any) -> None:
        """Seed; a second run changes nothing.

        :raises CommandError: with DEBUG off, for everyone knows the admin's password.
        """
        if not settings.DEBUG:
            raise CommandError("seed_demo makes an account whose password everyone knows: it runs with DEBUG only.")
        make_admin()
        make_courses()
        call_command("import_from_nodejs", str(SAMPLE), stdout=StringIO())  # its report is for who moves
        self.stdout.write(LETTER.format(address=options["address"], email=ADMIN_EMAIL, password=ADMIN_PASSWORD))
