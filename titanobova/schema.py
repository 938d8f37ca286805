"""How the OpenAPI document is made."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter

NAMED_ATTEMPT = OpenApiParameter(
    "Idempotency-Key", str, OpenApiParameter.HEADER, description="The name of this attempt; send the same to repeat it."
)


def only_first_version(endpoints: list[tuple[Any, ...]], **kwargs: object) -> list[tuple[Any, ...]]:
    """Leave out /api/v2/, which answers identically under the same names."""
    return [endpoint for endpoint in endpoints if endpoint[0].startswith("/api/v1/")]


class BearerScheme(OpenApiAuthenticationExtension):
    """How the document names our bearer tokens."""

    target_class = "users.authentication.BearerAuthentication"
    name = "bearerAuth"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """Return OpenAPI's description of it."""
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


class OptionalBearerScheme(BearerScheme):
    """The same token on a route that visitors may use too."""

    target_class = "users.authentication.OptionalBearerAuthentication"
    name = "optionalBearerAuth"


class Schema(AutoSchema):
    """drf-spectacular's, with the domain's folder as the tag."""

    def get_tags(self) -> list[str]:
        """Return the app that the view lives in."""
        return [self.view.__class__.__module__.partition(".")[0]]

    def _get_serializer_field_meta(self, field: Any, direction: str) -> dict[str, Any]:
        """Leave out a default of no text: it means "not sent", and beside a least length of 1 it is not valid."""
        meta = super()._get_serializer_field_meta(field, direction)
        return {name: value for name, value in meta.items() if (name, value) != ("default", "")}

    def _get_parameters(self) -> list[dict[str, Any]]:
        """Leave out examples: the page fills them into its form, so whoever tries an operation out would send them."""
        found = super()._get_parameters()
        return [
            {**one, "schema": {key: value for key, value in one["schema"].items() if key != "example"}} for one in found
        ]
