"""What makes two e-mail addresses the same account."""

import unicodedata

from django.core.exceptions import ValidationError

from audit.actor import plain
from titanobova.domains import ascii_domain

CANONICAL_LENGTH = 300  # characters of the columns; the 254 of an address may become more


def clean_email(text: str) -> str:
    """Return the address as it is stored and written to: without spaces around it, in Unicode's NFKC form."""
    return unicodedata.normalize("NFKC", plain(text)).strip()


def canonical_email(text: str) -> str:
    """Return the form that is unique: NFKC, then casefold, the domain as the DNS has it.

    `K@x.co` with a Kelvin sign, `k@x.co` and `K@X.CO` are one account; else an attacker registers a look-alike and
    receives what is meant for the other (Django's CVE-2019-19844). And `a@straße.de` is not `a@strasse.de`: folded into
    one, the owner of one domain would be handed what somebody wrote from the other.
    """
    local, at, domain = clean_email(text).rpartition("@")
    return f"{unicodedata.normalize('NFKC', local.casefold())}{at}{ascii_domain(domain)}"


def refuse_swelling_email(text: str) -> None:
    """Validator of addresses: the canonical form, too, must fit its column (one ﬃ becomes three letters).

    :raises ValidationError: when it does not.
    """
    if len(canonical_email(text)) > CANONICAL_LENGTH:
        raise ValidationError("This address is too long.", code="max_length")
