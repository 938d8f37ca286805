"""How far an enrolment is, and which steps lead on."""

from django.db import models


class Status(models.TextChoices):
    """How far it is."""

    PENDING = "pending", "waiting for the payment"
    ACTIVE = "active"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"


# From each status, where it may go. An ended enrolment opens again when a grant comes back (a dispute was won, staff
# changed their mind), unless the person has another live one in the course by then.
TRANSITIONS: dict[Status, frozenset[Status]] = {
    Status.PENDING: frozenset({Status.ACTIVE, Status.CANCELLED, Status.REFUNDED}),
    Status.ACTIVE: frozenset({Status.COMPLETED, Status.CANCELLED, Status.REFUNDED}),
    Status.COMPLETED: frozenset({Status.CANCELLED, Status.REFUNDED}),
    Status.CANCELLED: frozenset({Status.ACTIVE, Status.COMPLETED}),
    Status.REFUNDED: frozenset({Status.ACTIVE, Status.COMPLETED}),
}
SEATED = (Status.ACTIVE, Status.COMPLETED)
LIVE = (Status.PENDING, *SEATED)


def sources_of(target: Status) -> list[Status]:
    """Return the statuses from which `target` may be reached."""
    return [source for source, targets in TRANSITIONS.items() if target in targets]
