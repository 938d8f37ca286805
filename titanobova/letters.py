"""What a mail says: plain text from one template, the same words as HTML when it leaves, and how it lies in the outbox.

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
    """What one mail says. Its button is the paragraph that is laid out as one, a label and an address; or it has none.

    Only that very paragraph becomes the button: what somebody typed cannot pose as it without its address.
    """

    subject: str
    text: str
    button: str = ""

    @property
    def html(self) -> str:
        """The same paragraphs as HTML; nothing that people typed is markup in it."""
        label, _, url = self.button.partition(":\n")
        layout = {
            "subject": self.subject,
            "paragraphs": paragraphs_of(self.text),
            "button_text": self.button,
            "button": Button(label, url) if self.button else None,
            "support_email": settings.SUPPORT_EMAIL,
        }
        return render_to_string("mail/layout.html", layout)


def compose(
    template: str, *, subject: str, context: dict[str, object], button: tuple[str, str] | None = None
) -> Letter:
    """Fill `templates/mail/<template>.txt`.

    The template places `{{ button }}` as a paragraph of its own; else it stands at the end. What people have typed
    (names, subjects, answers) stays text: nothing is escaped here, all of it in the HTML.
    """
    button_text = f"{button[0]}:\n{button[1]}" if button else ""
    facts = {"support_email": settings.SUPPORT_EMAIL, "button": button_text, **context}
    text = Engine.get_default().get_template(f"mail/{template}.txt").render(Context(facts, autoescape=False))
    paragraphs = paragraphs_of(text)
    if button_text and button_text not in paragraphs:
        paragraphs.append(button_text)
    return Letter(subject, "\n\n".join(paragraphs) + "\n", button_text)


def paragraphs_of(text: str) -> list[str]:
    """Return the paragraphs of a plain text."""
    return [paragraph.strip() for paragraph in BETWEEN_PARAGRAPHS.split(text.strip())]


def seal(text: str) -> str:
    """Return `text` with the secret of each link encrypted."""
    return LINK_SECRET.sub(lambda found: encrypt(found[0]), text)


def unseal(text: str) -> str:
    """Return `text` as it is to be sent.

    :raises ValueError: when FIELD_ENCRYPTION_KEYS lost the key meanwhile.
    """
    return LINK_SECRET.sub(lambda found: decrypt(found[0]), text)


def reseal(text: str) -> str:
    """Return sealed `text` with the secret of each link encrypted with the first key, whichever has encrypted it.

    :raises ValueError: when FIELD_ENCRYPTION_KEYS lacks the key.
    """
    return LINK_SECRET.sub(lambda found: encrypt(decrypt(found[0])), text)


def holds_secrets(text: str) -> bool:
    """Whether `text` has a link whose secret is still in it."""
    return LINK_SECRET.search(text) is not None


def without_secrets(text: str) -> str:
    """Return `text` with the secret of each link cut out."""
    return LINK_SECRET.sub("...", text)
