"""The lock of the folder that processes count in is held no longer than whoever took it works."""

import fcntl
import os
from pathlib import Path

import pytest

from titanobova.metric_files import held


@pytest.mark.parametrize("alone", [True, False])
def test_a_process_forked_while_the_lock_is_held_does_not_keep_it(tmp_path: Path, alone: bool) -> None:
    reading, writing = os.pipe()
    with held(tmp_path, alone=alone):
        forked = os.fork()
        if not forked:
            os.close(writing)
            os.read(reading, 1)  # until the test ends, or its process
            os._exit(0)
    try:
        with (tmp_path / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        os.close(reading)
        os.close(writing)
        os.waitpid(forked, 0)
