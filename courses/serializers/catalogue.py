"""What courses look like over HTTP."""

from typing import Any

from rest_framework import serializers

from courses.models import Course
from courses.serializers.lessons import LessonOutline
from users.models import User

ORDERINGS = ["price", "-price", "title", "-title", "created_at", "-created_at"]


class CatalogueQuery(serializers.Serializer[Any]):
    """What the catalogue may be asked for; an empty member counts as left out."""

    category = serializers.CharField(max_length=100, required=False)
    level = serializers.ChoiceField(Course.Level.choices, required=False)
    min_price = serializers.DecimalField(max_digits=12, decimal_places=3, min_value=0, required=False)
    max_price = serializers.DecimalField(max_digits=12, decimal_places=3, min_value=0, required=False)
    search = serializers.CharField(max_length=200, required=False, help_text="In title, category and description.")
    ordering = serializers.ChoiceField(ORDERINGS, required=False, help_text="Default: the newest first.")


class InstructorOutput(serializers.ModelSerializer[User]):
    """Who teaches, as anyone may know."""

    name = serializers.CharField(source="full_name")

    class Meta:
        model = User
        fields = ["id", "name"]


class CourseOutput(serializers.ModelSerializer[Course]):
    """A course in the catalogue."""

    instructor = InstructorOutput(allow_null=True)
    price = serializers.CharField(source="price_text", help_text="With the digits of its currency: 49.90.")

    class Meta:
        model = Course
        fields = [
            "id",
            "title",
            "slug",
            "description",
            "instructor",
            "category",
            "level",
            "price",
            "currency",
            "duration_hours",
            "capacity",
            "thumbnail",
            "is_published",
            "is_featured",
            "created_at",
            "updated_at",
        ]


class CourseDetail(CourseOutput):
    """A course on its own page."""

    lessons = LessonOutline(many=True)

    class Meta(CourseOutput.Meta):
        fields = [*CourseOutput.Meta.fields, "lessons"]
