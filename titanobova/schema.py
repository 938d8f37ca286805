"""How the OpenAPI document is made."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.serializers import PolymorphicProxySerializerExtension
from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer

NAMED_ATTEMPT = OpenApiParameter(
    "Idempotency-Key", str, OpenApiParameter.HEADER, description="The name of this attempt; send the same to repeat it."
)


def only_first_version(endpoints: list[tuple[Any, ...]], **kwargs: object) -> list[tuple[Any, ...]]:
    """Leave out /api/v2/, which answers identically under the same names."""
    return [endpoint for endpoint in endpoints if endpoint[0].startswith("/api/v1/")]


def say_null_as_a_type(result: dict[str, Any], **kwargs: object) -> dict[str, Any]:
    """Return the document with `nullable`, which DRF's pages still write, as OpenAPI 3.1 says it: a type of its own."""
    for members in result["components"]["schemas"].values():
        for member in members.get("properties", {}).values():
            if member.pop("nullable", False):
                member["type"] = [member["type"], "null"]
    return result


def by_reader(name: str, own: type[Any], staff: type[Any]) -> PolymorphicProxySerializer:
    """Return how the document describes what answers people with `own`, and staff with `staff`."""
    return PolymorphicProxySerializer(name, [own, staff], resource_type_field_name=None)


class EitherShape(PolymorphicProxySerializerExtension):
    """An answer of several shapes: `anyOf`, for what staff see has all that others see, and `oneOf` excludes that."""

    priority = 1

    def map_serializer(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        """Return OpenAPI's description of it."""
        return {"anyOf": super().map_serializer(auto_schema, direction)["oneOf"]}


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
