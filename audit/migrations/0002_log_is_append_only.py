"""Let nobody change or delete what the log says (docs/audit.md).

Allowed all the same: to seal a row that has no seal; to set what is personal to NULL, together with its salt; and to
delete rows for which a tombstone stands, whose signature nobody makes without the key.
"""

from django.db import migrations

from titanobova.append_only import AppendOnly

STAYS = (
    "id",
    "user_id",
    "action",
    "resource_type",
    "resource_id",
    "outcome",
    "request_id",
    "timestamp",
    "details",
    "origin_digest",
    "personal_digest",
    "stamp",
)
ORIGIN = ("ip_address", "user_agent", "origin_salt")
PERSONAL = ("personal", "personal_salt")
SEAL = ("sequence", "seal")


def _same(columns: tuple[str, ...]) -> str:
    old, new = (", ".join(f"{row}.{column}" for column in columns) for row in ("OLD", "NEW"))
    return f"({old}) IS NOT DISTINCT FROM ({new})"


def _all(row: str, columns: tuple[str, ...], state: str) -> str:
    return "(" + " AND ".join(f"{row}.{column} {state}" for column in columns) + ")"


def _same_or_forgotten(columns: tuple[str, ...]) -> str:
    return f"({_same(columns)} OR {_all('NEW', columns, 'IS NULL')})"


# SQLite's UPDATE OR REPLACE would delete the row that has the place already.
IS_FREE = "NOT EXISTS (SELECT 1 FROM audit_auditlog WHERE sequence = NEW.sequence)"
FIRST_SEAL = f"({_all('OLD', SEAL, 'IS NULL')} AND {_all('NEW', SEAL, 'IS NOT NULL')} AND {IS_FREE})"
BURIED = "EXISTS (SELECT 1 FROM audit_tombstone WHERE through_sequence >= OLD.sequence)"


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]

    operations = [
        AppendOnly("Tombstone"),
        AppendOnly("ChainHead", update_if="NEW.id = OLD.id AND NEW.sequence > OLD.sequence"),
        AppendOnly(
            "AuditLog",
            insert_if=_all("NEW", SEAL, "IS NULL"),
            update_if=" AND ".join(
                [
                    _same(STAYS),
                    _same_or_forgotten(ORIGIN),
                    _same_or_forgotten(PERSONAL),
                    f"({_same(SEAL)} OR {FIRST_SEAL})",
                ]
            ),
            delete_if=BURIED,
        ),
    ]
