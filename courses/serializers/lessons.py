"""What lessons look like over HTTP."""

from django.core.validators import URLValidator
from rest_framework import serializers

from courses.models import Lesson
from courses.serializers.fields import TextIdField
from courses.services.lessons import MAX_LESSONS
from titanobova.api import ClosedSerializer, OneLineField
from titanobova.serializers import ModelSerializer, Serializer

is_https_address = URLValidator(schemes=["https"], message="A video's address begins with https://.")


class LessonOutline(ModelSerializer[Lesson]):
    """A lesson as its title alone: its text and video are for who takes part."""

    class Meta:
        model = Lesson
        fields = ["id", "position", "title"]


class LessonOutput(LessonOutline):
    """A lesson with all that is in it."""

    class Meta(LessonOutline.Meta):
        fields = [*LessonOutline.Meta.fields, "text", "video_url"]


class LessonInput(ClosedSerializer):
    """What an instructor writes."""

    title = OneLineField(max_length=255)
    text = serializers.CharField(max_length=20_000, required=False, allow_blank=True)
    video_url = serializers.CharField(
        max_length=500,
        required=False,
        allow_blank=True,
        validators=[is_https_address],
        help_text="Begins with https://. It is handed on to who takes part, and fetched by nobody here.",
    )


class LessonOrder(Serializer):
    """All lessons of a course in their order."""

    lessons = LessonOutline(many=True)


class LessonOrderInput(ClosedSerializer):
    """The ids of all lessons of a course, the first one first."""

    lessons = serializers.ListField(child=TextIdField(), max_length=MAX_LESSONS)
