"""How far a payment is, and which steps lead on."""

from django.db import models


class Status(models.TextChoices):
    """How far it is. `failed` means the last try was declined; the buyer may try again."""

    CREATED = "created"
    REQUIRES_ACTION = "requires_action"
    PROCESSING = "processing"
    FAILED = "failed"
    CANCELED = "canceled"
    SUCCEEDED = "succeeded"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"
    DISPUTED = "disputed"


OPEN = (Status.CREATED, Status.REQUIRES_ACTION, Status.PROCESSING, Status.FAILED)
ARRIVED = (Status.SUCCEEDED, Status.PARTIALLY_REFUNDED, Status.REFUNDED, Status.DISPUTED)

# From each status those that it may move to. Before the money the table knows no way back; money that arrived counts
# even after a cancellation, and never becomes money that did not. Afterwards refunds may fail and disputes may be won.
MOVES: dict[Status, frozenset[Status]] = {
    Status.CREATED: frozenset(
        {Status.REQUIRES_ACTION, Status.PROCESSING, Status.FAILED, Status.CANCELED, *ARRIVED},
    ),
    Status.REQUIRES_ACTION: frozenset({Status.PROCESSING, Status.FAILED, Status.CANCELED, *ARRIVED}),
    Status.PROCESSING: frozenset({Status.FAILED, Status.CANCELED, *ARRIVED}),
    Status.FAILED: frozenset({Status.CANCELED, *ARRIVED}),
    Status.CANCELED: frozenset(ARRIVED),
    Status.SUCCEEDED: frozenset({Status.PARTIALLY_REFUNDED, Status.REFUNDED, Status.DISPUTED}),
    Status.PARTIALLY_REFUNDED: frozenset({Status.SUCCEEDED, Status.REFUNDED, Status.DISPUTED}),
    Status.REFUNDED: frozenset({Status.SUCCEEDED, Status.PARTIALLY_REFUNDED, Status.DISPUTED}),
    Status.DISPUTED: frozenset({Status.SUCCEEDED, Status.PARTIALLY_REFUNDED, Status.REFUNDED}),
}
