"""What somebody wrote before they had an account."""

from django.utils import timezone

from audit.actor import Actor
from audit.services import record
from contacts.models import Contact
from users.models import User


def claim_contacts(user: User, by: Actor) -> None:
    """Give a person, in the caller's transaction, what was sent under the address that they have just proved."""
    now = timezone.now()
    theirs = Contact.objects.unclaimed(user.email_canonical)
    claimed = theirs.update(user=user, claimed_at=now, updated_at=now)
    if claimed:
        record("update", "contacts.claimed", by=by, on=user, details={"contacts": claimed})
