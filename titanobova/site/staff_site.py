"""The admin behind our own login."""

from typing import Any

from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.views import PasswordChangeView
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, URLResolver, path, reverse
from unfold.sites import UnfoldAdminSite

from audit.actor import Actor
from audit.services import record
from titanobova.errors import DomainError, FieldError
from users.forms import PENDING_ENROLMENT, StaffLoginForm, StaffPasswordForm
from users.services.passwords import change_password


class StaffSite(UnfoldAdminSite):
    """Django's admin in the theme's clothes; lockout, limits and second factor guard its login as they do the API's."""

    site_header = site_title = "titanobova"
    login_form = StaffLoginForm
    login_template = "staff/login.html"
    index_template = "staff/index.html"

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Add the page on which staff set up their second factor; leave out the way to an object's public page.

        No object has such a page, and Django looks for the object of any address before it says so.
        """
        from titanobova.site.enrolment import enrol  # noqa: PLC0415 - the models behind it load after this class

        addresses = [address for address in super().get_urls() if getattr(address, "name", "") != "view_on_site"]
        return [path("second-factor/", enrol, name="second-factor"), *addresses]

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the login; whose password was right and who lacks the second factor goes on to set it up."""
        request.session.pop(PENDING_ENROLMENT, None)
        response: HttpResponse = super().login(request, extra_context)
        if PENDING_ENROLMENT in request.session:
            return HttpResponseRedirect(reverse("admin:second-factor"))
        return response

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """End the browser's session, and record it."""
        with transaction.atomic():
            if request.method == "POST" and request.user.is_authenticated:
                details: dict[str, object] = {"reason": "logout"}
                record("logout", "auth.session.ended", by=Actor.from_request(request), on=request.user, details=details)
            response: HttpResponse = super().logout(request, extra_context)
        return response

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Change one's own password by the service that the API has."""
        request.current_app = self.name
        context = {**self.each_context(request), **(extra_context or {})}
        done = reverse(f"{self.name}:password_change_done", current_app=self.name)
        page = StaffPasswordView.as_view(
            form_class=StaffPasswordForm,
            success_url=done,
            extra_context=context,
            template_name=self.password_change_template or "registration/password_change_form.html",
        )
        shown: Any = page(request)  # rendered later, so not an HttpResponse to the stubs
        response: HttpResponse = shown
        return response


class StaffPasswordView(PasswordChangeView):
    """The page on which staff choose a new password; their other sessions end."""

    def form_valid(self, form: Any) -> HttpResponse:
        """Change it, or say on the form why not."""
        given, by = form.cleaned_data, Actor.from_request(self.request)
        proof = {"password": given["old_password"], "token": given["token"]}
        try:
            change_password(form.user, **proof, new_password=given["new_password1"], by=by)
        except FieldError as refusal:
            form.add_error("new_password1", refusal.reason)
        except DomainError:
            form.add_error("old_password", form.error_messages["password_incorrect"])
        if form.errors:
            return self.form_invalid(form)
        form.user.refresh_from_db()
        update_session_auth_hash(self.request, form.user)
        return HttpResponseRedirect(self.get_success_url())
