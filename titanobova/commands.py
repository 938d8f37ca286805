"""What the commands of all apps have in common."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import InterfaceError, OperationalError, ProgrammingError

NOT_DONE = 2  # exit code: nothing was found out, for a part that is needed is not there


class OperatorCommand(BaseCommand):
    """A command for a monitor or an operator: where the database is away or not migrated, it says so in one line."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Run it.

        :raises CommandError: also when the database cannot be used, with the exit code NOT_DONE
        """
        try:
            return super().execute(*args, **options)
        except (OperationalError, InterfaceError, ProgrammingError) as error:
            line = str(error).partition("\n")[0]
            raise CommandError(f"The database cannot be used: {line}", returncode=NOT_DONE) from error
