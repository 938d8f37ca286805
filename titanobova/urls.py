"""All addresses. Each app's own are in its urls.py; version 2 answers exactly as version 1 does."""

from django.conf import settings
from django.conf.urls.static import static
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from titanobova import health, scrape
from titanobova.api import unknown_path
from titanobova.documentation import IndexView, SchemaView

api: list[URLPattern | URLResolver] = [
    path("", IndexView.as_view(), name="index"),
    path("schema/", SchemaView.as_view(), name="schema"),
    path("contacts/", include("contacts.urls")),
    path("courses/", include("courses.urls")),
    path("payments/", include("payments.urls")),
    path("audit/", include("audit.urls")),
    path("mail/", include("titanobova.site.mail.urls")),
    path("", include("users.urls")),
]
urlpatterns = [
    path("api/v1/", include((api, "v1"))),
    path("api/v2/", include((api, "v2"))),
    path(
        "admin/users/auditlog/",
        RedirectView.as_view(pattern_name="admin:audit_auditlog_changelist", query_string=True),
    ),
    path("admin/", admin.site.urls),
    path("", include("users.pages")),
    path("", include("courses.pages")),
    path("health/live", health.live),
    path("health/ready", health.ready),
    path("metrics", scrape.exposition),
    path("", RedirectView.as_view(url="/api/v1/")),
    path("api/<path:rest>", unknown_path),
]
if settings.DEBUG:
    urlpatterns += static(settings.MEDIA_URL, document_root=settings.MEDIA_ROOT)

handler400 = "titanobova.api.bad_request"
handler403 = "titanobova.api.permission_denied"
handler404 = "titanobova.api.not_found"
handler500 = "titanobova.api.server_error"
