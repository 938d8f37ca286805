"""Named places at which a test lets the program crash; nothing happens there otherwise."""

from collections.abc import Callable

hook: Callable[[str], None] | None = None


def hit(name: str) -> None:
    """Tell a test that the program has come to this place, such as `payments.after_event_insert`."""
    if hook is not None:
        hook(name)
