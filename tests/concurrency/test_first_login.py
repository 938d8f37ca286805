"""The first login of an imported person, many times at once."""

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.hashers import check_password, make_password
from django.db import connection

from audit.actor import Actor
from legacy_import.mapping import ImportOptions
from legacy_import.pipeline import Order, run_import
from tests.conftest import RunTogether
from tests.environment import FOLDER
from users.models import Session, User
from users.services.login import WrongCredentials, log_in

pytestmark = pytest.mark.django_db(transaction=True)
SAMPLE = Path(__file__).parents[2] / "examples" / "legacy" / "titanobova.sqlite3"
EMAIL, PASSWORD = "person01@example.com", "Legacy-pass-01"


class HashesStored:
    """Counts the rows in which a statement of this thread replaced a password's hash."""

    def __init__(self) -> None:
        self.rows = 0

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        answer = execute(sql, params, many, context)
        if sql.startswith('UPDATE "users_user" SET "password"'):
            self.rows += context["cursor"].rowcount
        return answer


@pytest.fixture(autouse=True)
def _imported(db: None) -> None:
    run_import(Order(str(SAMPLE), ImportOptions(), rejects=FOLDER / "no-rejects.jsonl"))


def test_of_sixteen_first_logins_at_once_one_replaces_the_hash(run_together: RunTogether, actor: Actor) -> None:
    def first_login(_: int) -> int:
        stored = HashesStored()
        with connection.execute_wrapper(stored):
            log_in(EMAIL, PASSWORD, by=actor)
        return stored.rows

    outcomes = run_together(16, first_login)

    # The lock counts tries before their outcome is known: it lets five pass at once and refuses the rest for a moment.
    assert {type(outcome) for outcome in outcomes} <= {int, WrongCredentials}
    replaced = [outcome for outcome in outcomes if isinstance(outcome, int)]
    assert sum(replaced) == 1
    assert Session.objects.count() == len(replaced) >= 5
    assert User.objects.get(email=EMAIL).password.startswith("argon2$")
    assert log_in(EMAIL, PASSWORD, by=actor)


def test_without_the_condition_more_than_one_would(run_together: RunTogether) -> None:
    """The negative control: the same upgrade by a plain save."""
    account = User.objects.get(email=EMAIL)

    def first_login(_: int) -> int:
        stored = HashesStored()

        def upgrade(raw: str) -> None:
            User.objects.filter(pk=account.pk).update(password=make_password(raw))

        with connection.execute_wrapper(stored):
            check_password(PASSWORD, account.password, setter=upgrade)
        return stored.rows

    assert sum(run_together(4, first_login)) == 4
