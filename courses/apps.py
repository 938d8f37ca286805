from importlib import import_module

from django.apps import AppConfig


class CoursesConfig(AppConfig):
    """Catalogue, lessons, enrolments."""

    name = "courses"
    verbose_name = "Courses"

    def ready(self) -> None:
        """Take part when a person asks for their data, is erased or proves an address; models come only now."""
        import_module("courses.personal_data").take_part()
        import_module("courses.services.redeeming").take_part()
