"""The first rows of an empty table: without its indexes and foreign keys, which are made again at its end.

To sort an index once takes a fraction of the time of a million insertions, and a foreign key that is made anew is
checked for all rows by one join. It is one transaction from dropping to making again: a run that dies in it leaves the
table as it was. PostgreSQL locks the table meanwhile, so it is done only where hardly anybody can be using it: nearly
empty, and about to receive many rows. Unique indexes stay, for rows are compared by them.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction
from django.db.models import Model

from contacts.models import Contact
from courses.models import Enrollment, EnrollmentGrant
from legacy_import.aliases import Kind
from legacy_import.models import ImportedRecord
from legacy_import.source import SourceError
from users.models import User

TABLES: dict[Kind, tuple[type[Model], ...]] = {
    Kind.USERS: (User,),
    Kind.CONTACTS: (Contact,),
    Kind.ENROLLMENTS: (Enrollment, EnrollmentGrant),
}
NEARLY_EMPTY, MANY = 1_000, 20_000  # rows: that are here, that are to come
KEPT = ("grants_by_reference",)  # rows of the long way are looked up by these
INDEXES = """SELECT indexname, indexdef FROM pg_indexes
    WHERE schemaname = current_schema() AND tablename = %s AND indexdef NOT LIKE 'CREATE UNIQUE %%'
    AND NOT indexname = ANY(%s)"""
FOREIGN_KEYS = """SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE contype = 'f' AND conrelid = %s::regclass"""
# Keys are checked for whole tables now, which an import does not allow otherwise (exclusive.py).
WHOLE_TABLES = "SET LOCAL enable_seqscan = on; SET LOCAL enable_hashjoin = on; SET LOCAL enable_mergejoin = on"
MEMORY = "256MB"  # for sorting, of the one index that is being made


def is_worth_it(kind: Kind, coming: int) -> bool:
    """Say whether the tables of a kind are empty enough and what comes is enough."""
    if connection.vendor != "postgresql" or coming < MANY or kind not in TABLES:
        return False
    return all(model._default_manager.all()[:NEARLY_EMPTY].count() < NEARLY_EMPTY for model in TABLES[kind])


@contextmanager
def bare_tables(kind: Kind) -> Iterator[None]:
    """Do without indexes and foreign keys of the kind's tables while the block runs.

    What was read stays where the source breaks off; only what our own database refuses takes all of it back.
    """
    broken: SourceError | None = None
    with transaction.atomic():
        tables = [model._meta.db_table for model in TABLES[kind]]
        again = [statement for table in tables for statement in _bared(table)]
        try:
            yield
        except SourceError as error:
            broken = error
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL maintenance_work_mem = '{MEMORY}'; {WHOLE_TABLES}")
            for statement in again:
                cursor.execute(statement)
            # PostgreSQL would count the rows itself in a minute, and until then take long ways to a record.
            cursor.execute(f"ANALYZE {', '.join(tables)}, {ImportedRecord._meta.db_table}")
    if broken is not None:
        raise broken


def _bared(table: str) -> Iterator[str]:
    """Drop what can be made again, and give the statements that make it."""
    with connection.cursor() as cursor:
        cursor.execute(INDEXES, [table, list(KEPT)])
        for name, definition in cursor.fetchall():
            cursor.execute(f'DROP INDEX "{name}"')
            yield definition
        cursor.execute(FOREIGN_KEYS, [table])
        for name, definition in cursor.fetchall():
            cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
            yield f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}'
