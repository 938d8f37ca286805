"""People who were erased here, as the import knows them: by keyed digests, which name nobody."""

from collections.abc import Iterable
from typing import Any

from audit.actor import Actor
from legacy_import.aliases import Kind
from legacy_import.models import ErasedAddress, ImportedRecord, ImportRun, OldPayment
from titanobova.crypto import keyed_digest
from users import extension_points
from users.models import User

EXPORTED = ("course_title", "amount", "refunded_amount", "currency", "status", "intent_id", "paid_at", "created_at")


def take_part() -> None:
    """Ask accounts to tell of erasures, and of people who want to know what is kept of them."""
    extension_points.erase_person.append(remember_erasure)
    extension_points.export_person.append(export_old_payments)


def export_old_payments(person: User) -> dict[str, Any]:
    """Return what the person paid on the old site."""
    rows = OldPayment.objects.filter(user=person).order_by("pk")
    return {"old_payments": [{name: str(getattr(row, name) or "") for name in EXPORTED} for row in rows]}


def remember_erasure(person: User, by: Actor) -> None:
    """Keep the import from bringing the person back, and blank the samples of stored reports, which may name them.

    Only an address that was proved, or that came with the import, counts: else anyone could register a stranger's
    address, erase the account, and so keep the stranger's rows out.
    """
    came_over = ImportedRecord.objects.filter(kind=Kind.USERS, object_id=person.pk).exists()
    if person.email_verified or came_over:
        ErasedAddress.objects.get_or_create(digest=_digest(person.email_canonical))
    OldPayment.objects.filter(user=person).update(email="", description="")
    for run in ImportRun.objects.exclude(report={}).select_for_update(no_key=True):
        run.report = _without_samples(run.report)
        run.save(update_fields=["report"])


def erased_among(addresses: Iterable[str]) -> set[str]:
    """Return which of these canonical addresses belonged to people who were erased here."""
    by_digest = {_digest(address): address for address in addresses}
    found = ErasedAddress.objects.filter(digest__in=list(by_digest)).values_list("digest", flat=True)
    return {by_digest[digest] for digest in found}


def _digest(address: str) -> str:
    return keyed_digest(address, "erased address")


def _without_samples(report: dict[str, object]) -> dict[str, object]:
    tables = report.get("tables")
    for table in tables if isinstance(tables, list) else []:
        for coercion in table.get("coerced", []):
            coercion["sample"] = ""
    return report
