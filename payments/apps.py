from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    """Stripe, money events."""

    name = "payments"
    verbose_name = "Payments"
