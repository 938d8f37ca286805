from django.apps import AppConfig


class LegacyImportConfig(AppConfig):
    """Everything about the old Node.js system."""

    name = "legacy_import"
    verbose_name = "Import"
