"""Commands for monitors and operators, where the database is away: one line, and an exit code of its own."""

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection

COMMANDS = {
    "verify_audit": [],
    "seal_audit": [],
    "purge_audit": ["--before", "2020-01-01"],
    "purge_contacts": ["--older-than", "30"],
    "apply_retention": [],
    "check_ledger": [],
    "rotate_keys": [],
}


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.django_db
def test_a_database_that_is_away_is_no_finding(name: str) -> None:
    def away(*_: object) -> None:
        raise OperationalError("connection refused\nIs the server running?")

    with connection.execute_wrapper(away), pytest.raises(CommandError) as refusal:
        call_command(name, *COMMANDS[name])

    assert str(refusal.value) == "The database cannot be used: connection refused"
    assert refusal.value.returncode == 2
