"""`/api/v1/`: documentation for people, an index for programs; and the OpenAPI document behind both."""

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.permissions import AllowAny
from rest_framework.renderers import BaseRenderer, JSONRenderer, TemplateHTMLRenderer
from rest_framework.request import Request
from rest_framework.response import Response

INDEX = {
    "log in": "auth/token/",
    "refresh": "auth/token/refresh/",
    "register": "users/register/",
    "profile": "users/profile/",
    "contacts": "contacts/contacts/",
    "courses": "courses/courses/",
    "enrollments": "courses/enrollments/",
    "pay": "payments/create_payment_intent/",
    "audit log": "audit/logs/",
    "schema": "schema/",
}


class SchemaView(SpectacularAPIView):
    """The OpenAPI 3.1 document of all endpoints."""

    throttle_classes = []

    def handle_exception(self, exc: Exception) -> Response:
        """Refuse in JSON like all else, whatever form of the document was asked for."""
        self.request.accepted_renderer, self.request.accepted_media_type = JSONRenderer(), JSONRenderer.media_type
        answer: Response = super().handle_exception(exc)
        return answer


@extend_schema(exclude=True)
class IndexView(SpectacularSwaggerSplitView):
    """The documentation as a page that works offline; for a program, the addresses to start from."""

    throttle_classes = []
    permission_classes = [AllowAny]
    renderer_classes: list[type[BaseRenderer]] = [JSONRenderer, TemplateHTMLRenderer]

    def get_renderers(self) -> list[BaseRenderer]:
        """The page's own script is fetched with `Accept: */*` and is no JSON."""
        if "script" in self.request.GET:
            return [TemplateHTMLRenderer()]
        return super().get_renderers()

    def get(self, request: Request, *args: object, **kwargs: object) -> Response:
        """Answer HTML where the caller prefers it, else JSON."""
        if request.accepted_renderer.format == "html" or "script" in request.query_params:
            page: Response = super().get(request, *args, **kwargs)
            return page
        base = request.build_absolute_uri(request.path)
        return Response({name: base + address for name, address in INDEX.items()})

    def _get_schema_url(self, request: Request) -> str:
        version = request.resolver_match.namespace if request.resolver_match else "v1"
        return reverse(f"{version}:schema")
