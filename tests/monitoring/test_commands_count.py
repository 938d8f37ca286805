"""Commands in a container of their own, where nobody has made the folder of the figures yet."""

import os
import subprocess
import sys
from pathlib import Path


def test_a_command_makes_the_folder_that_its_figures_go_to(tmp_path: Path) -> None:
    folder = tmp_path / "metrics"
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(folder), "DB_NAME": str(tmp_path / "db.sqlite3")}
    environment.pop("DB_HOST", None)

    done = subprocess.run(
        [sys.executable, "manage.py", "migrate", "--plan"], env=environment, capture_output=True, text=True, check=False
    )

    assert (done.returncode, folder.is_dir()) == (0, True), done.stderr
