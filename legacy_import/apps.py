from importlib import import_module

from django.apps import AppConfig


class LegacyImportConfig(AppConfig):
    """Everything about the old Node.js system."""

    name = "legacy_import"
    verbose_name = "Import"

    def ready(self) -> None:
        """Hear of people who are erased, and show how far an import is; models can be imported only now."""
        import_module("legacy_import.erased").take_part()
        import_module("legacy_import.readings").take_part()
