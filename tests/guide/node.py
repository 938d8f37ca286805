"""Run the guide's JavaScript in Node.

The snippet becomes a module as it is printed; the prelude (prelude.mjs) gives it the globals that it takes for granted,
and a scenario calls what it exports.
"""

import fcntl
import json
import os
import subprocess
from pathlib import Path
from typing import Any

from tests.environment import FOLDER

PACKAGE = Path(__file__).resolve().parent
SCENARIO = """\
import {prelude};
import * as guide from './snippet.mjs';

const outcome = await (async () => {{
{scenario}
}})();
console.log(JSON.stringify(outcome ?? null));
"""


def install(package: Path = PACKAGE) -> None:
    """Install what a folder's package-lock.json names, once for all processes of the run, and anew after it changed.

    No package's own script runs, for nothing here needs one.

    :raises CalledProcessError: when npm cannot.
    """
    lock, installed = package / "package-lock.json", package / "node_modules" / ".installed-lock"
    with (FOLDER.parent / "npm.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if installed.is_file() and installed.read_bytes() == lock.read_bytes():
            return
        options = ["--ignore-scripts", "--omit-lockfile-registry-resolved", "--no-audit", "--no-fund"]
        subprocess.run(["npm", "ci", *options], cwd=package, check=True, capture_output=True, timeout=100)
        installed.write_bytes(lock.read_bytes())


def run(snippet: str, scenario: str, *, folder: Path, api: str, given: dict[str, Any]) -> Any:
    """Run `scenario` beside `snippet` in `folder` and return what it returns.

    It sees the snippet's exports as `guide` and the members of `given` as `given`; `api` is where the snippet finds the
    API, by the variable that it reads itself.

    :raises AssertionError: with Node's own words, when the scenario throws.
    """
    prelude = json.dumps((PACKAGE / "prelude.mjs").as_uri())
    (folder / "snippet.mjs").write_text(snippet)
    (folder / "scenario.mjs").write_text(SCENARIO.format(prelude=prelude, scenario=scenario))
    # Nothing else of the environment: a proxy named there must not come between.
    environment = {"PATH": os.environ["PATH"], "REACT_APP_API_URL": api, "GIVEN": json.dumps(given)}
    command = ["node", str(folder / "scenario.mjs")]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)
