"""What courses look like over HTTP."""

from rest_framework import serializers

from courses.models import Course
from courses.serializers.fields import CurrencyField, OptionalTruth, PriceField, TextIdField
from courses.serializers.lessons import LessonOutline
from titanobova.api import ClosedSerializer, OneLineField
from titanobova.serializers import ModelSerializer, Serializer
from users.models import User

ORDERINGS = ["price", "-price", "title", "-title", "created_at", "-created_at"]


class CatalogueQuery(Serializer):
    """What the catalogue may be asked for; an empty member counts as left out."""

    category = serializers.CharField(max_length=100, required=False)
    level = serializers.ChoiceField(Course.Level.choices, required=False)
    min_price = PriceField(required=False)
    max_price = PriceField(required=False)
    currency = CurrencyField(required=False)
    is_featured = OptionalTruth(required=False)
    instructor = TextIdField(source="instructor_id", required=False, help_text="The id of who teaches.")
    search = serializers.CharField(
        max_length=200, required=False, help_text="Beginnings of words of title, category and description."
    )
    ordering = serializers.ChoiceField(ORDERINGS, required=False, help_text="Default: the newest first.")


class CategoryOutput(Serializer):
    """A category, and how many published courses are in it."""

    category = serializers.CharField()
    courses = serializers.IntegerField()


class InstructorOutput(ModelSerializer[User]):
    """Who teaches, as anyone may know."""

    name = serializers.CharField(source="full_name")

    class Meta:
        model = User
        fields = ["id", "name"]


class CourseOutput(ModelSerializer[Course]):
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


class CourseInput(ClosedSerializer):
    """What an instructor says of a course of theirs."""

    title = OneLineField(max_length=255)
    slug = serializers.SlugField(max_length=120, required=False, help_text="Made from the title when left out.")
    description = serializers.CharField(max_length=20_000, required=False, allow_blank=True)
    category = OneLineField(max_length=100, required=False, allow_blank=True)
    level = serializers.ChoiceField(Course.Level.choices, required=False, allow_blank=True)
    price = PriceField(required=False, help_text="0 is free.")
    currency = CurrencyField(required=False)
    duration_hours = serializers.IntegerField(min_value=0, max_value=32_767, required=False, allow_null=True)
    capacity = serializers.IntegerField(
        min_value=1, max_value=2_147_483_647, required=False, allow_null=True, help_text="Seats; null for any number."
    )


class StaffCourseInput(CourseInput):
    """What staff say of a course."""

    instructor = TextIdField(
        source="instructor_id", required=False, allow_null=True, help_text="For staff: who teaches it."
    )
    is_featured = serializers.BooleanField(required=False, help_text="For staff: whether it stands out.")


class ThumbnailInput(ClosedSerializer):
    """A course's picture."""

    thumbnail = serializers.FileField(help_text="JPEG, PNG or WebP of at most 5 MB.")
