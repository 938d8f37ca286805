"""How far a contact is, and which steps lead on."""

from django.db import models


class Status(models.TextChoices):
    """How far it is."""

    NEW = "new"
    READ = "read"
    RESPONDED = "responded"
    CLOSED = "closed"


# From each status, where it may go; docs/contacts.md shows the same table. A contact may be answered more than once,
# a closed one stays closed, and spam is not answered (contacts/models.py: ContactQuerySet.move).
TRANSITIONS: dict[Status, frozenset[Status]] = {
    Status.NEW: frozenset({Status.READ, Status.RESPONDED, Status.CLOSED}),
    Status.READ: frozenset({Status.RESPONDED, Status.CLOSED}),
    Status.RESPONDED: frozenset({Status.RESPONDED, Status.CLOSED}),
    Status.CLOSED: frozenset(),
}


def sources_of(target: Status) -> list[Status]:
    """Return the statuses from which `target` may be reached."""
    return [source for source, targets in TRANSITIONS.items() if target in targets]
