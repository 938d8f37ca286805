"""Run `manage.py check --deploy` as production would start, with secrets made for this one run."""

import os
import secrets
import subprocess
import sys
import tempfile
from pathlib import Path

from cryptography.fernet import Fernet

PROJECT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Return the exit code of the check; any warning fails it."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            "PATH": os.environ["PATH"],
            "ENV_DIR": folder,
            "LOG_DIR": folder,
            "DB_NAME": str(Path(folder, "empty.sqlite3")),  # not the developer's, which may hold the demo
            "DEBUG": "False",
            "SECRET_KEY": secrets.token_urlsafe(64),
            "FIELD_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
            "ALLOWED_HOSTS": "api.example.com",
            "FRONTEND_URL": "https://www.example.com",
            "STRIPE_SECRET_KEY": "rk_live_" + secrets.token_hex(16),
            "STRIPE_WEBHOOK_SECRET": "whsec_" + secrets.token_hex(16),
            "SELLER_ADDRESS": "1 High Street, Leeds",
        }
        command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
        return subprocess.run(command, cwd=PROJECT, env=environment, check=False).returncode  # noqa: S603 - our own words


if __name__ == "__main__":
    sys.exit(main())
