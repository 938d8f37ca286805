"""The admin behind our own login."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, URLResolver, path, reverse
from unfold.sites import UnfoldAdminSite

from users.forms import PENDING_ENROLMENT, StaffLoginForm


class StaffSite(UnfoldAdminSite):
    """Django's admin in the theme's clothes; lockout, limits and second factor guard its login as they do the API's."""

    site_header = site_title = "titanobova"
    login_form = StaffLoginForm
    login_template = "staff/login.html"

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Add the page on which staff set up their second factor."""
        from titanobova.site.enrolment import enrol  # noqa: PLC0415 - the models behind it load after this class

        return [path("second-factor/", enrol, name="second-factor"), *super().get_urls()]

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the login; whose password was right and who lacks the second factor goes on to set it up."""
        request.session.pop(PENDING_ENROLMENT, None)
        response: HttpResponse = super().login(request, extra_context)
        if PENDING_ENROLMENT in request.session:
            return HttpResponseRedirect(reverse("admin:second-factor"))
        return response
