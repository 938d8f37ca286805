"""When two titles mean one course."""


def same_title(title: str) -> str:
    """Bring a title to the form in which titles are compared: without case, spaces as one."""
    return " ".join(title.casefold().split())
