"""What the API shows and takes."""

from rest_framework import serializers

from stock_drf.models import Contact, Course, Lesson, User


class InstructorSerializer(serializers.ModelSerializer):
    """Who teaches."""

    class Meta:
        model = User
        fields = ["id", "name"]


class CourseSerializer(serializers.ModelSerializer):
    """A course in the list."""

    instructor = InstructorSerializer(read_only=True)
    price = serializers.DecimalField(max_digits=12, decimal_places=2)

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


class LessonSerializer(serializers.ModelSerializer):
    """A lesson's title."""

    class Meta:
        model = Lesson
        fields = ["id", "position", "title"]


class CourseDetailSerializer(CourseSerializer):
    """A course with its lessons."""

    lessons = LessonSerializer(many=True, read_only=True)

    class Meta(CourseSerializer.Meta):
        fields = [*CourseSerializer.Meta.fields, "lessons"]


class ProfileSerializer(serializers.ModelSerializer):
    """A person as they see themselves."""

    class Meta:
        model = User
        fields = [
            "id",
            "email",
            "first_name",
            "last_name",
            "phone_number",
            "user_type",
            "requested_user_type",
            "profile_picture",
            "bio",
            "date_of_birth",
            "totp_enabled",
            "email_verified",
            "is_staff",
            "created_at",
            "updated_at",
        ]


class ContactSerializer(serializers.ModelSerializer):
    """The contact form."""

    class Meta:
        model = Contact
        fields = ["id", "name", "email", "phone", "subject", "message", "status", "created_at"]
        read_only_fields = ["id", "status", "created_at"]
