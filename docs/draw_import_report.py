"""Photograph a report of the import: `python -m docs.draw_import_report` writes docs/pictures/import-report.png.

It is the page that `--report FILE.html` writes, of the sample with some rows as no clean database would hold them.
"""

import os
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from titanobova.env import BASE_DIR

PICTURE = Path(__file__).parent / "pictures" / "import-report.png"
SAMPLE = BASE_DIR / "examples" / "legacy" / "titanobova.sqlite3"
SIZE = "980,1815"  # pixels
DIRTY = """
    INSERT INTO users SELECT 100 + id, upper(email), password, name, 'student', createdAt FROM users WHERE id IN (3, 8);
    INSERT INTO users SELECT 200 + id, 'no address', password, name, userType, createdAt FROM users WHERE id = 4;
    INSERT INTO users SELECT 300 + id, 'plain' || id || '@example.com', 'only text', name, 'wizard', '2023-02-30'
        FROM users WHERE id IN (5, 6);
    UPDATE contacts SET created_at = '0000-00-00 00:00:00' WHERE id IN (11, 12);
    UPDATE contacts SET phone = printf('%060d', 0) WHERE id = 20;
    INSERT INTO enrollments SELECT 500 + id, userId, upper(courseTitle), 'completed', createdAt
        FROM enrollments WHERE id <= 6;
    INSERT INTO enrollments VALUES (600, 999, 'UI/UX Design', 'active', '2023-05-01 10:00:00');
    INSERT INTO enrollments SELECT 601, userId, 'Pottery', 'paused', createdAt FROM enrollments WHERE id = 9;
    CREATE TABLE payments (id, user_id, courseTitle, amount, currency, status, stripe_payment_intent_id, created_at);
    INSERT INTO payments SELECT id, userId, courseTitle, 199 + id, 'usd', 'succeeded', 'pi_3Old00000000' || (1000 + id),
        createdAt FROM enrollments WHERE id <= 12;
    INSERT INTO payments VALUES (90, 1, 'UI/UX Design', '1.234,50', 'usd', 'succeeded', '', '2023-05-01 10:00:00');
"""


def photograph(page: Path) -> None:
    """Let a browser without a window draw the page."""
    command = ["chromium", "--headless", "--no-sandbox", "--hide-scrollbars", f"--window-size={SIZE}"]
    command += [f"--screenshot={PICTURE}", page.as_uri()]
    subprocess.run(command, check=True, capture_output=True, timeout=60)  # noqa: S603 - our own words


def main() -> None:
    """Import into a database of its own, and photograph the report."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        old = folder / "old-site.sqlite3"
        old.write_bytes(SAMPLE.read_bytes())
        with closing(sqlite3.connect(old)) as database:
            database.executescript(DIRTY)
            database.commit()
        site = {"PATH": os.environ["PATH"], "ENV_DIR": name, "LOG_DIR": name, "DB_NAME": str(folder / "new.sqlite3")}
        page = folder / "report.html"
        for arguments in (["migrate", "--verbosity=0"], ["import_from_nodejs", old.name, f"--report={page}"]):
            command = [sys.executable, str(BASE_DIR / "manage.py"), *arguments]
            subprocess.run(command, env=site, cwd=folder, check=False)  # noqa: S603 - our own words
        photograph(page)


if __name__ == "__main__":
    main()
