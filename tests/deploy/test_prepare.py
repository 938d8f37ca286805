"""deploy/prepare.py, the step that runs as root before the containers start."""

import os
from pathlib import Path

import pytest

from deploy.prepare import APPLICATION_USER, give_to, hand_over, missing_settings, redis_configuration
from tests.deploy.conftest import ROOT

ANOTHER_USER = APPLICATION_USER if os.geteuid() == 0 else os.geteuid()


def test_the_user_is_the_one_of_the_image() -> None:
    assert f"USER {APPLICATION_USER}:{APPLICATION_USER}" in (ROOT / "Dockerfile").read_text()


def test_the_folder_and_all_in_it_are_given_away(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "titanobova.log").touch()

    give_to(ANOTHER_USER, tmp_path)

    given = (tmp_path, tmp_path / "old", tmp_path / "old" / "titanobova.log")
    assert {path.stat().st_uid for path in given} == {ANOTHER_USER}


def test_what_a_symbolic_link_points_to_is_not_given_away(tmp_path: Path) -> None:
    (tmp_path / "to-a-file").symlink_to("/etc/passwd")
    (tmp_path / "to-a-folder").symlink_to("/etc")
    (tmp_path / "to-nothing").symlink_to(tmp_path / "nothing")  # who follows it fails, root or not

    give_to(ANOTHER_USER, tmp_path)

    assert (tmp_path / "to-a-file").lstat().st_uid == ANOTHER_USER
    assert Path("/etc/passwd").stat().st_uid == Path("/etc").stat().st_uid == 0


def test_a_password_handed_over_again_replaces_the_old_one(tmp_path: Path) -> None:
    hand_over(tmp_path / "password", "first")
    hand_over(tmp_path / "password", "second")

    assert [path.name for path in tmp_path.iterdir()] == ["password"]
    assert (tmp_path / "password").read_text() == "second"
    assert (tmp_path / "password").stat().st_mode & 0o777 == 0o444


def test_a_password_cannot_end_its_line_of_the_redis_configuration() -> None:
    assert redis_configuration('a "b\\c') == 'requirepass "a \\"b\\\\c"\n'
    with pytest.raises(ValueError, match="one line"):
        redis_configuration("a\nenable-debug-command yes")


def test_settings_that_are_missing_or_empty_are_named() -> None:
    settings = {"DB_HOST": "db", "DB_PASSWORD": "", "REDIS_HOST": "redis"}

    assert missing_settings(settings) == ["DB_PASSWORD", "REDIS_PASSWORD"]
