"""`manage.py changepassword`: asks twice and checks the rules, as Django's does; recorded, and ending all sessions."""

from getpass import getpass
from typing import Any

from django.contrib.auth.management.commands import changepassword
from django.core.management.base import CommandError

from audit.actor import Actor
from titanobova.errors import FieldError
from users.identity import canonical_email
from users.models import User
from users.services.passwords import replace_password

TRIES = 3


class Command(changepassword.Command):
    """For somebody of the staff who cannot get in any more; everyone else has the link by mail."""

    def handle(self, *args: Any, **options: Any) -> str:
        """Ask for the new password and store it. Nobody is asked within a transaction: others would wait for who types.

        :raises CommandError: for no such account, and after three tries.
        """
        name = options["username"] or ""
        user = User.objects.filter(email_canonical=canonical_email(name)).first()
        if user is None:
            raise CommandError(f"There is no account with the e-mail '{name}'.")
        self.stdout.write(f"Changing the password of {user.email}")
        for _ in range(TRIES):
            if self._was_changed(user):
                return f"The password of {user.email} was changed, and all sessions have ended."
        raise CommandError(f"The password was not changed: {TRIES} tries came to nothing.")

    def _was_changed(self, user: User) -> bool:
        password, again = (getpass(prompt=prompt) for prompt in ("Password: ", "Password (again): "))
        if password != again:
            self.stdout.write("These are two passwords. Once more.")
            return False
        try:
            replace_password(user, new_password=password, by=Actor.from_system("changepassword"))
        except FieldError as refused:
            self.stderr.write(refused.reason)
            return False
        return True
