"""How much a message looks like spam, and why.

A sum of signs, each with its points and the sentence that staff read. Nothing is learned and nothing is asked of
anybody: the same message always gets the same score, and whoever doubts it reads the reasons. docs/contacts.md says how
well it does.
"""

from dataclasses import dataclass

from contacts.spam_signs import LOOKS, Sign
from contacts.spam_text import Reading

THRESHOLD = 50  # points of 100, from which a message is spam
SHORTEST_TIME = 3000  # milliseconds between seeing the form and sending it; nobody types a message faster


@dataclass(frozen=True)
class Submission:
    """What came through the form. Its traps (a field that people do not see, a clock) may be missing."""

    name: str
    email: str
    message: str
    phone: str = ""
    subject: str = ""
    is_trap_filled: bool = False
    elapsed_ms: float | None = None


@dataclass(frozen=True)
class History:
    """How many of the sender's earlier contacts staff decided to be spam, and how many they answered or unmarked."""

    spam: int = 0
    honest: int = 0


UNKNOWN = History()
MOST_FOR_SPAM, MOST_FOR_HONEST = 40, 20  # points that the history of a sender adds or takes at most


@dataclass(frozen=True)
class Verdict:
    """Points from 0 to 100, and what they were given for."""

    score: int
    reasons: list[str]

    @property
    def is_spam(self) -> bool:
        """Whether that is enough."""
        return self.score >= THRESHOLD

    @property
    def depends_on_sender(self) -> bool:
        """Whether the history of the sender, who was taken for unknown, could change that."""
        return THRESHOLD - MOST_FOR_SPAM <= self.score < THRESHOLD + MOST_FOR_HONEST


def score(submission: Submission, history: History) -> Verdict:
    """Return how much the submission looks like spam. A link more never makes it look less like it."""
    reading = reading_of(submission)
    signs = [sign for look in LOOKS for sign in look(reading)]
    beside = [*_of_the_form(submission), *_of_the_sender(history)]
    # However honest the words are, they excuse neither a trap that was walked into nor what the sender did before.
    points = max(0, sum(sign.points for sign in signs)) + sum(sign.points for sign in beside)
    return Verdict(max(0, min(100, points)), [sign.reason for sign in (*beside, *signs)])


def reading_of(submission: Submission) -> Reading:
    """Return what there is to read of a submission."""
    return Reading(submission.name, submission.subject, submission.message)


def _of_the_form(submission: Submission) -> list[Sign]:
    signs = []
    if submission.is_trap_filled:
        signs.append(Sign(60, "A field is filled in that people do not see."))
    if submission.elapsed_ms is not None and submission.elapsed_ms < SHORTEST_TIME:
        signs.append(Sign(30, "The form was sent faster than anybody types."))
    return signs


def _of_the_sender(history: History) -> list[Sign]:
    if history.spam:
        points = min(MOST_FOR_SPAM, 20 * history.spam)
        return [Sign(points, f"Earlier messages of this sender that were spam: {history.spam}.")]
    return [Sign(-MOST_FOR_HONEST, "Staff answered this sender before.")] if history.honest else []
