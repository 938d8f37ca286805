"""What the log knows of a person: handed out to them, and taken out when they are erased.

The fact stays: who (as an id that leads to nobody any more) did what to which object, when, and how it ended.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Model, QuerySet

from audit.models import AuditLog

# An update that the triggers of the log let through; with its salt gone nobody can try values against a digest.
NO_ORIGIN: dict[str, None] = {"ip_address": None, "user_agent": None, "origin_salt": None}
NO_WORDS: dict[str, None] = {"personal": None, "personal_salt": None}
BATCH = 500  # rows


def rows_of(user_id: UUID) -> list[dict[str, Any]]:
    """Return what the person did and what was done to their account, oldest first.

    Where somebody else acted, nothing is said of them; `details` are left out, for staff's name other people.
    """
    columns = ("id", "timestamp", "action", "details__event", "resource_type", "resource_id", "outcome")
    own = AuditLog.objects.filter(user_id=user_id).values(*columns, "ip_address", "user_agent")
    done_to_them = _about_account(user_id).exclude(user_id=user_id).values(*columns)
    rows = sorted([*own, *done_to_them], key=lambda row: str(row["id"]))
    return [{"event": row.pop("details__event"), **row} for row in rows]


def forget_person(user_id: UUID) -> None:
    """Take addresses, user agents and what was typed out of all rows of a person, in the caller's transaction.

    Each row stays in the chain: what its stamp covers is the digests of these, which tell nothing without their salts.
    """
    _forget(AuditLog.objects.filter(user_id=user_id))
    _forget_about(_about_account(user_id))


def forget_objects(objects: Iterable[Model]) -> None:
    """Take a person out of the rows about things of theirs, in the caller's transaction.

    Where staff acted, their address stays; where a visitor did, it was the person, before they had an account.
    """
    keys: dict[str, list[str]] = {}
    for one in objects:
        keys.setdefault(one._meta.label_lower, []).append(str(one.pk))
    for label, ids in keys.items():
        for start in range(0, len(ids), BATCH):
            some = ids[start : start + BATCH]
            _forget_about(AuditLog.objects.filter(resource_type=label, resource_id__in=some))


def _about_account(user_id: UUID) -> QuerySet[AuditLog]:
    return AuditLog.objects.filter(resource_type=settings.AUTH_USER_MODEL.lower(), resource_id=str(user_id))


def _forget_about(rows: QuerySet[AuditLog]) -> None:
    _forget(rows.filter(user=None))
    rows.exclude(personal_salt=None).update(**NO_WORDS)


def _forget(rows: QuerySet[AuditLog]) -> None:
    rows.exclude(personal_salt=None, origin_salt=None).update(**NO_WORDS, **NO_ORIGIN)
