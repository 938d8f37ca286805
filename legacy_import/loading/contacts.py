"""Messages of the contact form."""

from collections.abc import Sequence
from typing import Any

from contacts.models import Contact
from legacy_import.aliases import Kind
from legacy_import.loading.shapes import CONTACT_COLUMNS
from legacy_import.loading.users import accounts_by_email, accounts_by_old_id
from legacy_import.loading.writer import AddressedWriter
from legacy_import.rows import Mapped
from users.identity import canonical_email

AS_MAPPED = ("name", "email", "phone", "subject", "message", "status", "internal_notes", "user_agent")


class ContactWriter(AddressedWriter[Contact]):
    """Messages. Each belongs to the account that owns its sender's address, or else to the one that it names."""

    kind = Kind.CONTACTS
    model = Contact
    columns = CONTACT_COLUMNS
    links = ("user_id",)

    def look_up(self, rows: Sequence[Mapped]) -> None:
        found, owners = accounts_by_email({canonical_email(str(row.fields["email"])) for row in rows})
        self.look_up_erased(rows)
        self.senders = {address: account.pk for address, account in found.items() if account.pk in owners}
        self.accounts = accounts_by_old_id({str(row.fields["legacy_user_id"]) for row in rows})

    def values(self, row: Mapped) -> dict[str, Any]:
        self.refuse_erased(row)
        values = {name: row.fields[name] for name in AS_MAPPED}
        address = canonical_email(str(row.fields["email"]))
        return values | {
            "email_canonical": address,
            "response_message": row.fields["response"],
            "ip_address": row.fields["ip_address"] or None,
            "user_id": self.senders.get(address) or self.accounts.get(str(row.fields["legacy_user_id"])),
            "created_at": self.instant(row),
        }

    def waits(self, row: Mapped, instance: Contact) -> bool:
        """It names an account; one that only has the sender's address fetches its messages itself (joining.py)."""
        return instance.user_id is None and bool(row.fields["legacy_user_id"])
