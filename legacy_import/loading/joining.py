"""What came over before the account that it belongs to: it is handed over once the account is here.

Messages wait under the sender's address, and requests for a place until that address is proved. Whoever was imported
owns their address, as those do who confirmed it here.
"""

from collections.abc import Collection
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef

from audit.actor import Actor
from contacts.models import Contact
from courses.models import EnrollmentRequest
from courses.services.redeeming import redeem_requests_of
from legacy_import.aliases import Kind
from legacy_import.models import ImportedRecord
from users.models import User

AT_ONCE = 500  # people


def hand_over_messages(ids: Collection[UUID | str]) -> None:
    """Give these accounts, which a run has made or changed, the messages that came over before them.

    Only imported ones: what a visitor wrote here is theirs who confirm the address here. Runs in the caller's
    transaction. Two steps, for PostgreSQL may not have counted these tables yet, and would look each message up among
    all that is remembered.
    """
    if not ids or not ImportedRecord.objects.filter(kind=Kind.CONTACTS).exists():
        return
    accounts = User.objects.filter(pk__in=ids)
    waiting = Contact.objects.filter(user=None, email_canonical__in=accounts.values("email_canonical"))
    found = dict(waiting.values_list("pk", "email_canonical"))
    came_over = ImportedRecord.objects.filter(kind=Kind.CONTACTS, object_id__in=list(found))
    owners = dict(accounts.filter(email_canonical__in=set(found.values())).values_list("email_canonical", "pk"))
    handed = [Contact(pk=pk, user_id=owners[found[pk]]) for pk in came_over.values_list("object_id", flat=True)]
    Contact.objects.bulk_update(handed, ["user"])


def redeem_waiting_requests() -> None:
    """Turn the requests of imported people with proved addresses into enrolments, as far as that goes.

    At the end of a run, when their old enrolments are here: a place that they had there is what they asked for.
    """
    addresses = EnrollmentRequest.objects.unanswered().filter(enrollment=None).values("email_canonical")
    came_over = ImportedRecord.objects.filter(kind=Kind.USERS, object_id=OuterRef("pk"))
    people = User.objects.filter(Exists(came_over), email_verified=True, is_active=True, email_canonical__in=addresses)
    ids = list(people.values_list("pk", flat=True))
    for start in range(0, len(ids), AT_ONCE):
        with transaction.atomic():
            some = list(User.objects.filter(pk__in=ids[start : start + AT_ONCE]))
            redeem_requests_of(some, by=Actor.from_system("import"))
