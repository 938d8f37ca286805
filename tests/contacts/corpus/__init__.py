"""Messages of our own writing, honest ones and spam, each in files of its own.

An entry is a line `name | e-mail | subject` and then the message; `%%` parts the entries. `unseen_*.txt` were written
when the model was finished, and nothing was changed for them: they alone tell how it does with what it does not know.
"""

import hashlib
from pathlib import Path
from typing import Literal

from contacts.spam import Submission

Label = Literal["honest", "spam"]
FOLDER = Path(__file__).parent


def messages(label: Label, *, half: int | None = None) -> list[Submission]:
    """Return the messages of a label: all of them, or the half 0 or 1, which their own text decides."""
    read = _read_all(f"{label}_*.txt")
    return [one for one in read if half is None or half_of(one) == half]


def unseen(label: Label) -> list[Submission]:
    """Return the messages that the model was not made with."""
    return _read_all(f"unseen_{label}.txt")


def half_of(submission: Submission) -> int:
    """Return which half a message is in."""
    return hashlib.sha256(submission.message.encode()).digest()[0] % 2


def _read_all(pattern: str) -> list[Submission]:
    return [_read(entry) for path in sorted(FOLDER.glob(pattern)) for entry in path.read_text().split("%%\n")]


def _read(entry: str) -> Submission:
    head, _, message = entry.strip("\n").partition("\n")
    name, email, subject = (part.strip() for part in head.split("|", 2))
    return Submission(name=name, email=email, subject=subject, message=message)
