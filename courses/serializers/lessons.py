"""What lessons look like over HTTP."""

from rest_framework import serializers

from courses.models import Lesson


class LessonOutline(serializers.ModelSerializer[Lesson]):
    """A lesson as its title alone: its text and video are for who takes part."""

    class Meta:
        model = Lesson
        fields = ["id", "position", "title"]
