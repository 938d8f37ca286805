from django.urls import include, path
from rest_framework.routers import SimpleRouter

from audit.views import AuditLogViewSet

router = SimpleRouter()
router.register("logs", AuditLogViewSet, basename="audit-log")

urlpatterns = [path("", include(router.urls))]
