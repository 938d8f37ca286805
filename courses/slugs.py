"""Names of courses in addresses, which take a slug or an id."""

from collections.abc import Container
from itertools import chain, count
from uuid import UUID

from django.utils.text import slugify

READABLE = 100  # characters


def reads_as_id(slug_or_id: str) -> bool:
    """Return whether an address names a course by its id."""
    try:
        UUID(slug_or_id)
    except ValueError:
        return False
    return True


def stem_of(title: str) -> str:
    """Return the letters and digits of a title as a slug; a title without any in ASCII is only called a course."""
    return slugify(title)[:READABLE].strip("-_") or "course"


def free_slug(stem: str, taken: Container[str]) -> str:
    """Return `stem`, or with the first number behind it a slug that is not taken and that nobody reads as an id."""
    numbered = (f"{stem}-{number}" for number in count(2))
    return next(slug for slug in chain([stem], numbered) if slug not in taken and not reads_as_id(slug))
