"""Rows that the cached catalogue shows."""

from typing import Any, TypeVar

from django.db import models, transaction

from titanobova.versions import raise_on_commit

CATALOGUE = "catalogue"  # the name of its version

Row = TypeVar("Row", bound=models.Model)


class ShownQuerySet(models.QuerySet[Row]):
    """Writes of many rows, each of which raises the catalogue's version in its own transaction.

    With `ShownInCatalogue` these are all the ways in which Django writes rows: `create`, `get_or_create` and
    `update_or_create` save one, `bulk_update` updates, and the rows that go with a deleted course go with its version.
    So services, the admin, the import and an erasure are covered without knowing of it.
    """

    def update(self, **kwargs: Any) -> int:
        """Update the rows, and let no process show the old ones."""
        with transaction.atomic(savepoint=False):
            changed = super().update(**kwargs)
            if changed:
                raise_on_commit(CATALOGUE)
        return changed

    def delete(self) -> tuple[int, dict[str, int]]:
        """Delete the rows, and let no process show them."""
        with transaction.atomic(savepoint=False):
            deleted = super().delete()
            raise_on_commit(CATALOGUE)
        return deleted

    # A manager has no `delete`, so that `Course.objects.delete()` is an error and not the end of all courses.
    vars(delete)["queryset_only"] = True

    def bulk_create(self, *args: Any, **kwargs: Any) -> list[Row]:
        """Insert the rows, and let every process show them."""
        with transaction.atomic(savepoint=False):
            made = super().bulk_create(*args, **kwargs)
            raise_on_commit(CATALOGUE)
        return made


class ShownInCatalogue(models.Model):
    """Writes of one row, which raise the catalogue's version in the transaction of the write."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save, and let no process show the old state."""
        with transaction.atomic(savepoint=False):
            super().save(*args, **kwargs)
            raise_on_commit(CATALOGUE)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete, and let no process show it."""
        with transaction.atomic(savepoint=False):
            deleted = super().delete(*args, **kwargs)
            raise_on_commit(CATALOGUE)
        return deleted
