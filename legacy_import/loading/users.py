"""Accounts.

Two rows with one e-mail address (users.identity) are one account: the first row makes it, the others are merged into
it with all that hangs on them. Where an account is here already, the row is merged into that one, and nothing of it is
overwritten.

What an attacker could try: register the address of somebody who is still to be imported, and wait for that person's
enrolments and messages. So an account that was made here takes nothing over before it has confirmed its address; the
row is rejected with that reason, and the next run brings it in once the address is confirmed or the account is gone.
"""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.contrib.auth.hashers import is_password_usable, make_password

from legacy_import.aliases import Kind
from legacy_import.loading.outcome import LoadNote, RowRefusedError
from legacy_import.loading.writer import Writer
from legacy_import.models import ImportedRecord
from legacy_import.passwords import encode_for_storage
from legacy_import.rows import Mapped
from users.identity import canonical_email, clean_email
from users.models import User


def accounts_by_email(addresses: Iterable[str]) -> tuple[dict[str, User], set[UUID]]:
    """Find the accounts with these canonical addresses, and say which of them own theirs.

    An account owns its address if it confirmed it here or brought it along from the old system.
    """
    found = {user.email_canonical: user for user in User.objects.filter(email_canonical__in=list(addresses))}
    ids = {user.pk for user in found.values()}
    imported = ImportedRecord.objects.filter(kind=Kind.USERS, object_id__in=ids, is_merged=False)
    owners = {user.pk for user in found.values() if user.email_verified}
    return found, owners.union(imported.values_list("object_id", flat=True))


class UserWriter(Writer[User]):
    """Accounts. `user_type` stays the label it was; rights come with trust_roles alone, and are never taken away."""

    kind = Kind.USERS
    model = User
    columns = (
        "email",
        "email_canonical",
        "password",
        "first_name",
        "last_name",
        "user_type",
        "is_staff",
        "created_at",
    )

    def fields(self, row: Mapped) -> dict[str, object]:
        return row.fields | ({"is_staff": True} if self._makes_staff(row) else {})

    def look_up(self, rows: Sequence[Mapped]) -> None:
        addresses = {canonical_email(str(row.fields["email"])) for row in rows}
        self.accounts, self.owners = accounts_by_email(addresses)
        self.look_up_erased(rows)

    def values(self, row: Mapped) -> dict[str, Any]:
        self.refuse_erased(row)
        stored = row.fields["password"]
        values = {name: row.fields[name] for name in ("first_name", "last_name", "user_type")}
        return values | {
            "email": clean_email(str(row.fields["email"])),
            "email_canonical": canonical_email(str(row.fields["email"])),
            "password": encode_for_storage(stored if isinstance(stored, str) else None) or make_password(None),
            "is_staff": self._makes_staff(row),
            "created_at": self.instant(row),
        }

    def twin(self, row: Mapped, values: dict[str, Any]) -> User | None:
        account = self.accounts.get(values["email_canonical"])
        if account is not None and account.pk not in self.owners:
            raise RowRefusedError(
                "an account made here has this e-mail address and has not confirmed it: "
                "once it is confirmed or removed, run the import again"
            )
        return account

    def remember(self, instance: User) -> None:
        self.accounts[instance.email_canonical] = instance
        self.owners.add(instance.pk)
        if self.options.trust_roles and instance.is_staff:
            self.counts.note(LoadNote.STAFF_GRANTED, instance.email, on="is_staff")

    def is_in_use(self, instance: User) -> bool:
        """True once its owner has logged in or confirmed the address here: from then on the account is theirs."""
        return instance.last_login is not None or instance.email_verified

    def change(self, instance: User, values: dict[str, Any], *, is_shared: bool) -> None:
        self.accounts.pop(instance.email_canonical, None)
        values["is_staff"] = values["is_staff"] or instance.is_staff
        if not is_password_usable(values["password"]) and not is_password_usable(instance.password):
            values["password"] = instance.password  # each unusable one is different; this one need not change
        super().change(instance, values, is_shared=is_shared)
        self.remember(instance)

    def _makes_staff(self, row: Mapped) -> bool:
        return self.options.trust_roles and row.fields["user_type"] == User.Type.ADMIN
