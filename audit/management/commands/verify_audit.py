"""`manage.py verify_audit`: is the audit log what was written?"""

import json
from argparse import ArgumentParser
from collections import defaultdict
from itertools import chain, islice
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from audit.verifying import Counts, findings
from titanobova.commands import NOT_DONE, OperatorCommand


class Command(OperatorCommand):
    """Reads all rows and changes none; run it from a monitor, and after a restore."""

    help = (
        "Names the first row of the audit log that was changed, left out, put in or reordered; exits 1 if there is one."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the files that heads of the chain were published in."""
        text = "a security.log, best one that was kept elsewhere: what it says of the chain must be so"
        parser.add_argument("--published", type=Path, action="append", default=[], metavar="FILE", help=text)

    def handle(self, *args: Any, **options: Any) -> None:
        """Verify, and print how many rows were looked at.

        :raises CommandError: naming the first finding; or when the files tell of no seal, which would show nothing.
        """
        counts = Counts()
        published: dict[int, set[str]] = defaultdict(set)
        for sequence, seal in chain.from_iterable(map(_heads, options["published"])):
            published[sequence].add(seal)
        if options["published"] and not published:
            files = ", ".join(map(str, options["published"]))
            raise CommandError(f"{files} tells of no seal: name the rotated files, too.", returncode=NOT_DONE)
        for finding in islice(findings(counts, published=published), 1):
            raise CommandError(f"The audit log is not what was written. {finding}")
        if options["published"]:
            self.stdout.write(f"Compared with {sum(map(len, published.values()))} published seals.")
        self.stdout.write(
            f"The audit log is what was written: {counts.sealed} rows sealed, {counts.unsealed} not yet; "
            f"{counts.forgotten} without what was personal, {counts.purged} purged."
        )


def _heads(file: Path) -> list[tuple[int, str]]:
    """Return the seals that a file tells of."""
    try:
        lines = file.read_text(errors="replace").splitlines()
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}") from error
    try:
        told = [json.loads(line) for line in lines if "audit.sealed" in line]
        heads = [(int(one["sequence"]), str(one["seal"])) for one in told if one["event"] == "audit.sealed"]
    except (ValueError, KeyError, TypeError) as error:
        raise CommandError(f"{file} holds a line about the seal that cannot be read.") from error
    return heads
