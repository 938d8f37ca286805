"""The first page of the admin: what waits, who came, what was earned, who could not log in, what was imported."""

from typing import Any

from django.http import HttpRequest

from titanobova.site.dashboard.parts import PARTS


def with_dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add to the page what this member of the staff may see elsewhere, too; the theme calls this.

    Each part asks for the permission of the list that it sums up, so that the first page tells nobody more than that
    list would.
    """
    seen = [make() for permission, make in PARTS if request.user.has_perm(permission)]
    return {**context, "dashboard": seen}
