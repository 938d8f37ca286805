"""The admin behind our own login."""

from unfold.sites import UnfoldAdminSite

from users.forms import StaffLoginForm


class StaffSite(UnfoldAdminSite):  # type: ignore[misc]  # the theme has no types
    """Django's admin in the theme's clothes; lockout, limits and second factor guard its login as they do the API's."""

    site_header = site_title = "titanobova"
    login_form = StaffLoginForm
