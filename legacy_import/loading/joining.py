"""What came over before the account that it belongs to: it is handed over once the account is here.

Messages wait under the sender's address, and requests for a place until that address is proved. Whoever was imported
owns their address, as those do who confirmed it here.
"""

from collections.abc import Collection
from uuid import UUID

from django.db.models import Exists, OuterRef

from audit.actor import Actor
from contacts.models import Contact
from courses.models import EnrollmentRequest
from courses.services.redeeming import redeem_requests_of
from legacy_import.aliases import Kind
from legacy_import.models import ImportedRecord
from users.models import User


def join_to_accounts(ids: Collection[UUID | str]) -> None:
    """Hand over what waits for these accounts, which a run has made or changed, in the caller's transaction."""
    if ids and ImportedRecord.objects.filter(kind=Kind.CONTACTS).exists():
        _hand_over_messages(ids)
    if ids and EnrollmentRequest.objects.unanswered().exists():
        _redeem_requests(ids)


def _hand_over_messages(ids: Collection[UUID | str]) -> None:
    """Imported ones: what a visitor wrote here is theirs who confirm the address here."""
    accounts = User.objects.filter(pk__in=ids)
    came_over = ImportedRecord.objects.filter(kind=Kind.CONTACTS, object_id=OuterRef("pk"))
    waiting = Contact.objects.filter(
        Exists(came_over), user=None, email_canonical__in=accounts.values("email_canonical")
    )
    found = dict(waiting.values_list("pk", "email_canonical"))
    owners = dict(accounts.filter(email_canonical__in=set(found.values())).values_list("email_canonical", "pk"))
    Contact.objects.bulk_update([Contact(pk=pk, user_id=owners[address]) for pk, address in found.items()], ["user"])


def _redeem_requests(ids: Collection[UUID | str]) -> None:
    addresses = EnrollmentRequest.objects.unanswered().values("email_canonical")
    proved = User.objects.filter(pk__in=ids, email_verified=True, email_canonical__in=addresses)
    redeem_requests_of(list(proved), by=Actor.from_system("import"))
