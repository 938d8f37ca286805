"""What a mail says: plain text from one template, the same words as HTML, and how both lie in the outbox.

A link in a mail lets in whoever holds it, so its secret must not lie readable in a table that staff browse and that
backups copy: it is encrypted while the mail waits, put back in the moment of sending, and cut out once the mail left.
"""

import re
from dataclasses import dataclass
from typing import NamedTuple

from django.conf import settings
from django.template import Context, Engine
from django.template.loader import render_to_string

from titanobova.crypto import decrypt, encrypt

LINK_SECRET = re.compile(r"(?<=\?token=)[\w=-]+")
BETWEEN_PARAGRAPHS = re.compile(r"\n\s*\n")


class Button(NamedTuple):
    """The one thing that a mail asks its reader to do."""

    label: str
    url: str


@dataclass(frozen=True)
class Letter:
    """One mail in both forms."""

    text: str
    html: str


def compose(
    template: str, *, subject: str, context: dict[str, object], button: tuple[str, str] | None = None
) -> Letter:
    """Fill `templates/mail/<template>.txt`, and lay out the same paragraphs as HTML.

    The template places `{{ button }}` as a paragraph of its own; else it stands at the end. What people have typed
    (names, subjects, answers) stays text in both forms: nothing is escaped in the plain one, all of it in the HTML.
    """
    button_text = f"{button[0]}:\n{button[1]}" if button else ""
    facts = {"support_email": settings.SUPPORT_EMAIL, "button": button_text, **context}
    text = Engine.get_default().get_template(f"mail/{template}.txt").render(Context(facts, autoescape=False))
    paragraphs = [paragraph.strip() for paragraph in BETWEEN_PARAGRAPHS.split(text.strip())]
    if button_text and button_text not in paragraphs:
        paragraphs.append(button_text)
    layout = {
        "subject": subject,
        "paragraphs": paragraphs,
        "button_text": button_text,
        "button": Button(*button) if button else None,
        "support_email": settings.SUPPORT_EMAIL,
    }
    return Letter("\n\n".join(paragraphs) + "\n", render_to_string("mail/layout.html", layout))


def seal(text: str) -> str:
    """Return `text` with the secret of each link encrypted."""
    return LINK_SECRET.sub(lambda found: encrypt(found[0]), text)


def unseal(text: str) -> str:
    """Return `text` as it is to be sent.

    :raises ValueError: when FIELD_ENCRYPTION_KEYS lost the key meanwhile.
    """
    return LINK_SECRET.sub(lambda found: decrypt(found[0]), text)


def without_secrets(text: str) -> str:
    """Return `text` with the secret of each link cut out."""
    return LINK_SECRET.sub("...", text)
