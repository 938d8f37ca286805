from django.apps import AppConfig


class TitanobovaConfig(AppConfig):
    """The tables that no domain owns."""

    name = "titanobova"
    verbose_name = "Mail and limits"
