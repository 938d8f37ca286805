"""`manage.py rotate_keys`: encrypt every stored secret with the first of FIELD_ENCRYPTION_KEYS."""

from typing import Any

from audit.actor import Actor
from titanobova.commands import OperatorCommand
from users.services.key_rotation import rotate_keys


class Command(OperatorCommand):
    """Run after putting a new key in front of the list; the old one can be dropped afterwards."""

    help = "Encrypts all stored secrets anew with the first of FIELD_ENCRYPTION_KEYS."

    def handle(self, *args: Any, **options: Any) -> None:
        """Rotate, and say how many secrets there were."""
        count = rotate_keys(by=Actor.from_system("rotate_keys"))
        self.stdout.write(f"{count} secrets are encrypted with the first key; the others may be dropped.")
