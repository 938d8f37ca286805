"""Whose a row is, for rows that name a person by an old id or by an address."""

from collections.abc import Sequence
from uuid import UUID

from legacy_import.aliases import Kind
from legacy_import.loading.outcome import RowRefusedError
from legacy_import.loading.users import accounts_by_email, accounts_by_old_id
from legacy_import.models import ImportedRecord
from legacy_import.rows import Mapped
from users.identity import canonical_email


class People:
    """The accounts that the rows of one batch name: by the old id, or where there is none, by the address they own."""

    def __init__(self, rows: Sequence[Mapped]) -> None:
        self.by_old_id = accounts_by_old_id({str(old_id) for row in rows if (old_id := row.fields["legacy_user_id"])})
        found, owners = accounts_by_email({_address(row) for row in rows if not row.fields["legacy_user_id"]})
        self.by_address = {address: account.pk for address, account in found.items() if account.pk in owners}
        self.here = {*self.by_old_id.values(), *self.by_address.values()}

    def known(self, row: Mapped) -> UUID | None:
        """Return the account, or None."""
        old_id = row.fields["legacy_user_id"]
        return self.by_old_id.get(str(old_id)) if old_id else self.by_address.get(_address(row))

    def of(self, row: Mapped) -> UUID:
        """Return the account.

        :raises RowRefusedError: if there is none, saying whether there ever was
        """
        if account := self.known(row):
            return account
        old_id = row.fields["legacy_user_id"]
        if not old_id:
            raise RowRefusedError(f"nobody here owns its address {row.fields['email']}")
        was_here = ImportedRecord.objects.filter(kind=Kind.USERS, legacy_id=str(old_id)).exists()
        gone = "has been deleted here" if was_here else "was not imported"
        raise RowRefusedError(f"its user {old_id} {gone}")


def _address(row: Mapped) -> str:
    return canonical_email(str(row.fields["email"]))
