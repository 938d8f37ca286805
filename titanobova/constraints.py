"""Constraints that PostgreSQL looks at when a transaction commits: where they are to be heard of earlier."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def checked_now() -> Iterator[None]:
    """Look at the foreign keys of what the block wrote at its end, where somebody can still say whose fault it is.

    What they point at is held from then on, so that nobody deletes it before the commit.

    :raises IntegrityError: when it is gone; then nothing of the block stands
    """
    with transaction.atomic():
        yield
        if connection.vendor == "postgresql":
            connection.check_constraints()
