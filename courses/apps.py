from django.apps import AppConfig


class CoursesConfig(AppConfig):
    """Catalogue, lessons, enrolments."""

    name = "courses"
    verbose_name = "Courses"
