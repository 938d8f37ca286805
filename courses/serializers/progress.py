"""What somebody's progress looks like over HTTP."""

from rest_framework import serializers

from courses.models import LessonProgress
from titanobova.api import ClosedSerializer
from titanobova.serializers import ModelSerializer, Serializer

LONGEST_VIDEO = 86_400  # seconds


class LessonStateOutput(Serializer):
    """A lesson as one participant sees it."""

    id = serializers.UUIDField(source="lesson.id")
    position = serializers.IntegerField(source="lesson.position")
    title = serializers.CharField(source="lesson.title")
    position_seconds = serializers.IntegerField(help_text="Where the video was left.")
    completed_at = serializers.DateTimeField(allow_null=True)


class ResumeOutput(Serializer):
    """The lesson to go on with, and where in it."""

    lesson = serializers.UUIDField(source="lesson.id")
    title = serializers.CharField(source="lesson.title")
    position_seconds = serializers.IntegerField()


class ProgressInput(ClosedSerializer):
    """Where in the lesson somebody is."""

    position_seconds = serializers.IntegerField(min_value=0, max_value=LONGEST_VIDEO)
    completed = serializers.BooleanField(required=False, help_text="True once they are through; nothing takes it back.")


class ProgressOutput(ModelSerializer[LessonProgress]):
    """How far somebody is in one lesson."""

    class Meta:
        model = LessonProgress
        fields = ["lesson", "enrollment", "position_seconds", "completed_at", "updated_at"]
