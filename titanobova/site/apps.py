"""The top: the admin site as a whole, and the commands of the whole."""

from importlib import import_module

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class AdminConfig(admin_apps.AdminConfig):
    """Django's admin, entered through our own login."""

    default_site = "titanobova.site.staff_site.StaffSite"
    default = False


class SiteConfig(AppConfig):
    """May import every app and is imported by none."""

    name = "titanobova.site"
    verbose_name = "The whole"
    default = True

    def ready(self) -> None:
        """Register the deployment checks."""
        import_module("titanobova.site.checks")
