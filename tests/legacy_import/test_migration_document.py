"""What docs/migration-from-nodejs.md prints can be typed."""

import re
from pathlib import Path

import pytest
from django.conf import settings

from legacy_import.management.commands.import_from_nodejs import Command
from legacy_import.mapping_file import read_mapping

DOCUMENT = (settings.BASE_DIR / "docs" / "migration-from-nodejs.md").read_text()
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", DOCUMENT, re.DOTALL)


def blocks(language: str) -> list[str]:
    """Return what is printed in one language."""
    return [text for named, text in BLOCKS if named == language]


def test_every_printed_option_is_one() -> None:
    parser = Command().create_parser("manage.py", "import_from_nodejs")
    known = {option for action in parser._actions for option in action.option_strings}
    of_the_command = re.findall(
        r"^(?:old|python manage.py import_from_nodejs) .*", "\n".join(text for _, text in BLOCKS), re.MULTILINE
    )

    printed = {option for line in of_the_command for option in re.findall(r"--[a-z-]+", line)}
    in_the_text = set(re.findall(r"`(--[a-z-]+)", re.sub(r"```.*?```", "", DOCUMENT, flags=re.DOTALL)))

    assert len(of_the_command) >= 8
    assert printed | in_the_text <= known


def test_the_printed_mapping_file_is_one(tmp_path: Path) -> None:
    (text,) = blocks("toml")
    (tmp_path / "printed.toml").write_text(text)

    assert read_mapping(tmp_path / "printed.toml")["users"]["columns"]["active"] == ["is_active", "status"]


@pytest.mark.parametrize("line", ["sudo chown 10001 import", "sudo install -o 10001 -m 0400"])
def test_the_folder_of_the_containers_is_the_image_users(line: str) -> None:
    assert line in DOCUMENT
    assert "useradd --uid 10001" in (settings.BASE_DIR / "Dockerfile").read_text()


def test_in_the_containers_the_command_works_in_a_folder_that_can_be_written() -> None:
    (function,) = [line for text in blocks("bash") for line in text.splitlines() if "docker-compose run" in line]

    assert '-v "$PWD/import:/import" -w /import web python /app/manage.py import_from_nodejs "$@"' in function
    assert "WORKDIR /app" in (settings.BASE_DIR / "Dockerfile").read_text()
