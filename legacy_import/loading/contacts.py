"""Messages of the contact form."""

from collections.abc import Sequence
from typing import Any

from contacts.models import Contact
from legacy_import.aliases import Kind
from legacy_import.loading.users import accounts_by_email
from legacy_import.loading.writer import Writer
from legacy_import.rows import Mapped
from users.identity import canonical_email


class ContactWriter(Writer[Contact]):
    """Messages; each belongs to the account that owns its sender's address, if there is one."""

    kind = Kind.CONTACTS
    model = Contact
    columns = ("name", "email", "phone", "subject", "message", "created_at")

    def look_up(self, rows: Sequence[Mapped]) -> None:
        found, owners = accounts_by_email({canonical_email(str(row.fields["email"])) for row in rows})
        self.look_up_erased(rows)
        self.senders = {address: account for address, account in found.items() if account.pk in owners}

    def values(self, row: Mapped) -> dict[str, Any]:
        self.refuse_erased(row)
        values = {name: row.fields[name] for name in ("name", "email", "phone", "subject", "message")}
        address = canonical_email(str(row.fields["email"]))
        sender = self.senders.get(address)
        return values | {"email_canonical": address, "user": sender, "created_at": self.instant(row)}
