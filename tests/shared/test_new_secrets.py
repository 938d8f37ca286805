"""`python -m titanobova.env new-secrets`: the one step before production starts."""

import shutil
import stat
from pathlib import Path

import pytest
from dotenv import dotenv_values

from tests.shared.starting import refusal_of, settings_of, start
from titanobova.env import BASE_DIR

SECRETS = ["SECRET_KEY", "FIELD_ENCRYPTION_KEYS", "DB_PASSWORD", "REDIS_PASSWORD"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the example alone."""
    shutil.copy(BASE_DIR / ".env.production.example", tmp_path)
    return tmp_path


def test_every_secret_is_filled_with_one_of_its_own(folder: Path) -> None:
    done = start(folder, "-m", "titanobova.env", "new-secrets")

    filled = dotenv_values(folder / ".env.production")
    secrets = {filled[name] for name in SECRETS}
    assert done.returncode == 0, done.stderr
    assert len(secrets) == len(SECRETS)
    assert min(len(secret or "") for secret in secrets) >= 32
    assert not any(secret in done.stdout for secret in secrets if secret)
    example = dotenv_values(folder / ".env.production.example")
    assert {name: text for name, text in filled.items() if name not in SECRETS} == {
        name: text for name, text in example.items() if name not in SECRETS
    }


def test_only_the_owner_can_read_it(folder: Path) -> None:
    start(folder, "-m", "titanobova.env", "new-secrets")

    assert stat.S_IMODE((folder / ".env.production").stat().st_mode) == 0o600


def test_an_existing_file_is_never_touched(folder: Path) -> None:
    (folder / ".env.production").write_text("SECRET_KEY=precious\n")

    done = start(folder, "-m", "titanobova.env", "new-secrets")

    assert done.returncode != 0
    assert "stays as it is" in done.stderr
    assert (folder / ".env.production").read_text() == "SECRET_KEY=precious\n"


def test_production_starts_from_it_once_the_hosts_are_set(folder: Path) -> None:
    start(folder, "-m", "titanobova.env", "new-secrets")
    file = folder / ".env.production"
    written = file.read_text()

    file.write_text(written.replace("ALLOWED_HOSTS=localhost,127.0.0.1", "ALLOWED_HOSTS="))
    said = refusal_of(folder)
    file.write_text(written)
    found = settings_of(folder, "DEBUG", "ALLOWED_HOSTS")

    assert "ALLOWED_HOSTS is missing" in said
    assert "SECRET_KEY" not in said.partition("Refusing to start")[2]
    assert found == {"DEBUG": False, "ALLOWED_HOSTS": ["localhost", "127.0.0.1"]}


def test_other_words_are_answered_with_the_usage(folder: Path) -> None:
    done = start(folder, "-m", "titanobova.env", "old-secrets")

    assert done.returncode != 0
    assert "usage: python -m titanobova.env new-secrets" in done.stderr
    assert not (folder / ".env.production").exists()
