"""People of the old site log in with the passwords that they had there."""

from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from tests.legacy_import.conftest import MakeSqlite
from tests.legacy_import.imports import counted, import_from
from tests.legacy_import.old_passwords import HASHED, KEPT, PASSWORD
from users.models import User

pytestmark = pytest.mark.django_db


def log_in(client: APIClient, email: str, password: str) -> Any:
    """Ask for tokens."""
    return client.post("/api/v1/auth/token/", {"email": email, "password": password})


def test_an_imported_person_logs_in_with_the_old_password(anonymous: APIClient, sample: Path) -> None:
    import_from(sample)

    answer = log_in(anonymous, "person01@example.com", "Legacy-pass-01")

    assert answer.status_code == 200
    anonymous.credentials(HTTP_AUTHORIZATION=f"Bearer {answer.json()['access']}")
    assert anonymous.get("/api/v1/users/profile/").json()["first_name"] == "Bjørn"


def test_the_first_login_makes_the_hash_argon2_and_the_second_leaves_it(anonymous: APIClient, sample: Path) -> None:
    import_from(sample)
    hashes = [User.objects.get(email="person01@example.com").password]

    for _ in range(2):
        assert log_in(anonymous, "person01@example.com", "Legacy-pass-01").status_code == 200
        hashes.append(User.objects.get(email="person01@example.com").password)

    assert hashes[0].startswith("bcrypt_node$$2b$10$")
    assert hashes[1].startswith("argon2$argon2id$")
    assert hashes[2] == hashes[1]


def test_a_wrong_old_password_opens_nothing_and_changes_no_hash(anonymous: APIClient, sample: Path) -> None:
    import_from(sample)

    answer = log_in(anonymous, "person01@example.com", "Legacy-pass-02")

    assert answer.status_code == 401
    assert User.objects.get(email="person01@example.com").password.startswith("bcrypt_node$")


def test_an_import_after_the_login_leaves_password_and_account_alone(anonymous: APIClient, sample: Path) -> None:
    import_from(sample)
    log_in(anonymous, "person01@example.com", "Legacy-pass-01")
    before = User.objects.filter(email="person01@example.com").values().get()

    report = import_from(sample)

    assert counted(report, "users") == {"unchanged": 40}
    assert User.objects.filter(email="person01@example.com").values().get() == before


def test_case_and_space_of_the_old_address_do_not_matter(anonymous: APIClient, sample: Path) -> None:
    import_from(sample)

    assert log_in(anonymous, " Person01@EXAMPLE.com ", "Legacy-pass-01").status_code == 200


def one_user(password: str, salt: str = "") -> str:
    """Return the SQL of a table with one user."""
    values = ", ".join(f"'{value}'" for value in ("a@example.com", password, salt))
    return f"CREATE TABLE users (id, email, password, salt); INSERT INTO users VALUES (1, {values})"


@pytest.mark.parametrize("form", ["argon2id", "scrypt salt:hash", "pbkdf2 named", "md5", "salt before", "plain"])
def test_a_password_of_any_kind_opens_the_account_and_becomes_argon2(
    anonymous: APIClient, make_sqlite: MakeSqlite, form: str
) -> None:
    old = {**KEPT, **HASHED}[form]
    import_from(make_sqlite(one_user(old.password, old.salt)))
    before = User.objects.get().password

    assert log_in(anonymous, "a@example.com", "Legacy-pass-01").status_code == 401
    assert User.objects.get().password == before
    assert log_in(anonymous, "a@example.com", PASSWORD).status_code == 200
    assert User.objects.get().password.startswith("argon2$argon2id$")
    assert form in KEPT or old.password not in before


@pytest.mark.parametrize("stored", ["google", "", "!", "$2b$10$cut", "$6$salt$unknown", "U2FsdGVkX1encrypted"])
def test_a_password_that_cannot_be_checked_logs_nobody_in(
    anonymous: APIClient, make_sqlite: MakeSqlite, stored: str
) -> None:
    import_from(make_sqlite(one_user(stored)))

    assert not User.objects.get().has_usable_password()
    for tried in (stored or "empty", "password"):
        assert log_in(anonymous, "a@example.com", tried).status_code == 401
