"""Accounts.

Two rows with one e-mail address (users.identity) are one account: the first row makes it, the others are merged into
it with all that hangs on them. Where an account is here already, the row is merged into that one, and nothing of it is
overwritten.

What an attacker could try: register the address of somebody who is still to be imported, and wait for that person's
enrolments and messages. So an account that was made here takes nothing over before it has confirmed its address; the
row is rejected with that reason, and the next run brings it in once the address is confirmed or the account is gone.
"""

import time
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.contrib.auth.hashers import is_password_usable, make_password

from legacy_import.aliases import Kind
from legacy_import.hashing import hash_weak
from legacy_import.loading.joining import hand_over_messages
from legacy_import.loading.outcome import LoadNote, RowRefusedError
from legacy_import.loading.shapes import USER_COLUMNS
from legacy_import.loading.writer import AddressedWriter
from legacy_import.models import ImportedRecord
from legacy_import.passwords import WeakPassword
from legacy_import.rows import Mapped
from users.erased import DOMAIN as ERASED_DOMAIN
from users.identity import canonical_email, clean_email
from users.models import User

AS_MAPPED = (
    "first_name", "last_name", "user_type", "phone_number", "bio", "email_verified", "is_active", "date_of_birth",
)  # fmt: skip


def accounts_by_email(addresses: Iterable[str]) -> tuple[dict[str, User], set[UUID]]:
    """Find the accounts with these canonical addresses, and say which of them own theirs.

    An account owns its address if it confirmed it here or brought it along from the old system.
    """
    found = {user.email_canonical: user for user in User.objects.filter(email_canonical__in=list(addresses))}
    ids = {user.pk for user in found.values()}
    imported = ImportedRecord.objects.filter(kind=Kind.USERS, object_id__in=ids, is_merged=False)
    owners = {user.pk for user in found.values() if user.email_verified}
    return found, owners.union(imported.values_list("object_id", flat=True))


def accounts_by_old_id(legacy_ids: Iterable[str]) -> dict[str, UUID]:
    """Find the accounts that old rows became and that are still here; the erased are not."""
    records = ImportedRecord.objects.filter(kind=Kind.USERS, legacy_id__in=list(legacy_ids))
    found = dict(records.values_list("legacy_id", "object_id"))
    here = User.objects.filter(pk__in=set(found.values())).exclude(email__endswith=f"@{ERASED_DOMAIN}")
    present = set(here.values_list("pk", flat=True)) if found else set()
    return {legacy_id: pk for legacy_id, pk in found.items() if pk in present}


class UserWriter(AddressedWriter[User]):
    """Accounts. `user_type` stays the label it was; rights come with trust_roles alone, and are never taken away."""

    kind = Kind.USERS
    model = User
    columns = USER_COLUMNS

    def look_up(self, rows: Sequence[Mapped]) -> None:
        self._hash_weak_passwords(rows)
        addresses = {canonical_email(str(row.fields["email"])) for row in rows}
        self.accounts, self.owners = accounts_by_email(addresses)
        self.look_up_erased(rows)

    def values(self, row: Mapped) -> dict[str, Any]:
        self.refuse_erased(row)
        values = {name: row.fields[name] for name in AS_MAPPED}
        return values | {
            "email": clean_email(str(row.fields["email"])),
            "email_canonical": canonical_email(str(row.fields["email"])),
            "password": self._to_store(row.fields["password"]),
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
        """True once its owner has logged in here: from then on the account is theirs. No import sets `last_login`."""
        return instance.last_login is not None

    def reason_to_keep(self, instance: User) -> LoadNote:
        """Who confirmed the address here has taken the account over, even if they never logged in."""
        return LoadNote.ACCOUNT_IN_USE_KEPT if instance.email_verified else LoadNote.LOCAL_CHANGE_KEPT

    def change(self, instance: User, values: dict[str, Any], *, is_shared: bool) -> None:
        self.accounts.pop(instance.email_canonical, None)
        values["is_staff"] = values["is_staff"] or instance.is_staff
        if not is_password_usable(values["password"]) and not is_password_usable(instance.password):
            values["password"] = instance.password  # each unusable one is different; this one need not change
        super().change(instance, values, is_shared=is_shared)
        self.remember(instance)

    def follow_up(self, written: Sequence[tuple[ImportedRecord, User]]) -> None:
        hand_over_messages({account.pk for _, account in written})

    def _makes_staff(self, row: Mapped) -> bool:
        return self.options.trust_roles and row.fields["user_type"] == User.Type.ADMIN

    def _hash_weak_passwords(self, rows: Sequence[Mapped]) -> None:
        """Hash them all at once, on all cores: nothing weak is ever stored."""
        weak = [row.fields["password"] for row in rows if isinstance(row.fields["password"], WeakPassword)]
        started = time.monotonic()
        self.hashed = dict(zip(map(id, weak), hash_weak(weak), strict=True)) if weak else {}
        self.counts.hashed += len(weak)
        self.counts.hashing_seconds += time.monotonic() - started if weak else 0

    def _to_store(self, password: object) -> str:
        if isinstance(password, WeakPassword):
            return self.hashed[id(password)]
        return password if isinstance(password, str) else make_password(None)
