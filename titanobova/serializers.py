"""Serializers whose fields are made once a class.

The stock ones make every field anew for every instance: of an authenticated request for one's profile that was a third.
Here an instance takes shallow copies of the fields that the class has; what a field learns of its request (its parent,
and through it the context) belongs to the copy.
"""

import copy
from typing import Any, TypeVar, cast

from django.db.models import Model
from django.utils.functional import cached_property
from rest_framework import serializers
from rest_framework.utils.serializer_helpers import BindingDict

MadeOfFields = ("fields", "_readable_fields", "_writable_fields")
M = TypeVar("M", bound=Model)


class FieldsMadeOnce:
    """Mixin: the first instance of a class makes its fields, all others copy them."""

    _made: BindingDict | None = None

    @cached_property
    def fields(self) -> BindingDict:
        """Return the fields by name, bound to this instance."""
        cls = type(self)
        made = cls.__dict__.get("_made")
        if made is None:
            made = cls._made = cast(Any, super()).fields
        own = BindingDict(cast(Any, self))
        own.fields.update({name: _copy_for(self, field) for name, field in made.items()})
        return own


def _copy_for(parent: Any, field: Any) -> Any:
    own = copy.copy(field)
    own.parent = parent
    if isinstance(own, serializers.ListSerializer):
        own.child = _copy_for(own, own.child)
    elif isinstance(own, serializers.Serializer):
        for name in MadeOfFields:
            own.__dict__.pop(name, None)
    return own


class Serializer(FieldsMadeOnce, serializers.Serializer[Any]):
    """Input, or output that is no model's."""


class ModelSerializer(FieldsMadeOnce, serializers.ModelSerializer[M]):
    """A model's output."""
