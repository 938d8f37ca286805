"""Make ready what the containers of docker-compose.yml need, before any of them starts.

The folder ./logs comes from the host, where Docker makes it as root's; the application's user must own it.
And PostgreSQL and Redis are handed their one password each: with the whole of `.env.production` in its
environment, either would hold the key of Stripe and the keys of our tokens.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

APPLICATION_USER = 10001  # USER of the Dockerfile
APPLICATION_FOLDERS = (Path("/app/logs"), Path("/app/media"))
NEEDED = ("DB_HOST", "DB_PASSWORD", "REDIS_HOST", "REDIS_PASSWORD")


def missing_settings(environ: Mapping[str, str]) -> list[str]:
    """Return the names that docker-compose.yml cannot do without and `.env.production` leaves empty."""
    return [name for name in NEEDED if not environ.get(name)]


def give_to(user: int, folder: Path) -> None:
    """Make `user` the owner of `folder` and of all that is in it.

    Symbolic links are never followed: whoever broke into the application could lay one in the folder, and
    would be given what it points to.
    """
    for _, folders, files, here in os.fwalk(folder):
        os.chown(here, user, user)
        for name in (*folders, *files):
            os.chown(name, user, user, dir_fd=here, follow_symlinks=False)


def hand_over(path: Path, text: str) -> None:
    """Write `text` as a whole or not at all; readable by all, for only one container has the volume."""
    unfinished = path.with_suffix(".new")
    unfinished.write_text(text)
    unfinished.chmod(0o444)
    unfinished.replace(path)


def redis_configuration(password: str) -> str:
    """Return the line of redis.conf that demands `password`; on a command line process lists would show it.

    :raises ValueError: when the password holds a line break, behind which it could add a setting.
    """
    if not password.isprintable():
        raise ValueError("REDIS_PASSWORD must be one line of printable characters")
    quoted = password.replace("\\", "\\\\").replace('"', '\\"')
    return f'requirepass "{quoted}"\n'


def main() -> None:
    """Do all of it, or stop the start with the names of what is missing."""
    if missing := missing_settings(os.environ):
        sys.exit(f".env.production lacks {', '.join(missing)}; make it: python -m titanobova.env new-secrets")
    for folder in APPLICATION_FOLDERS:
        give_to(APPLICATION_USER, folder)
    hand_over(Path("/handover/db/password"), os.environ["DB_PASSWORD"])
    hand_over(Path("/handover/redis/password"), os.environ["REDIS_PASSWORD"])
    hand_over(Path("/handover/redis/redis.conf"), redis_configuration(os.environ["REDIS_PASSWORD"]))


if __name__ == "__main__":
    main()
