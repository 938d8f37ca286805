from importlib import import_module

from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    """Stripe, money events."""

    name = "payments"
    verbose_name = "Payments"

    def ready(self) -> None:
        """Take part when a person asks for their data or is erased, show figures, and make the jobs known by name.

        Models can be imported only now.
        """
        import_module("payments.personal_data").take_part()
        import_module("payments.readings").take_part()
        import_module("payments.jobs")
