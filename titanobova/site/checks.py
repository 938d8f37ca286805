"""What `manage.py check --deploy` looks for beyond Django's own checks."""

from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.core import checks
from django.db import DatabaseError

from titanobova.site.demo import ADMIN_EMAIL, ADMIN_PASSWORD
from users.models import User


@checks.register(deploy=True)
def demo_password_is_closed(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """Fail where the migration guide's demo admin can log in: its password is printed in public."""
    try:
        admin = User.objects.filter(email_canonical=ADMIN_EMAIL, is_active=True).first()
    except DatabaseError:
        return []  # before the first migrate there is nobody to log in
    if admin is None or not check_password(ADMIN_PASSWORD, admin.password):
        return []
    return [
        checks.Error(f"{ADMIN_EMAIL} has the demo password.", hint="Change it, or delete the account.", id="site.E001")
    ]


@checks.register(deploy=True)
def webhook_has_a_secret(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """Warn where the webhook would answer 503: courses that were paid for would not open."""
    if settings.STRIPE_WEBHOOK_SECRETS:
        return []
    return [
        checks.Warning(
            "STRIPE_WEBHOOK_SECRET is missing: the webhook answers 503 and paid courses stay closed.", id="site.W001"
        )
    ]


@checks.register(deploy=True)
def seller_is_named(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """Warn where money is taken and receipts would not say by whom: a receipt is never altered afterwards."""
    if not settings.STRIPE_SECRET_KEY or settings.SELLER["address"]:
        return []
    text = "SELLER_ADDRESS is missing: receipts do not say where the seller is, and cannot be altered later."
    return [checks.Warning(text, hint="See SELLER_NAME, SELLER_TAX_ID and TAX_RATE too.", id="site.W002")]
