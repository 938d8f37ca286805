"""What `manage.py check --deploy` says beyond Django's own checks."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.core.management.base import SystemCheckError
from pytest_django import Settings

from titanobova.site.checks import demo_password_is_closed, seller_is_named, webhook_has_a_secret
from titanobova.site.demo import ADMIN_EMAIL, make_admin, make_courses
from users.models import User


def test_the_demo_password_fails_a_deployment(db: None) -> None:
    assert demo_password_is_closed(None) == []
    make_admin()

    assert [finding.id for finding in demo_password_is_closed(None)] == ["site.E001"]
    with pytest.raises(SystemCheckError, match="demo password"):
        call_command("check", deploy=True, stderr=StringIO())


def test_a_changed_demo_password_or_a_closed_account_passes(db: None) -> None:
    make_admin()
    User.objects.update(is_active=False)
    assert demo_password_is_closed(None) == []
    admin = User.objects.get(email=ADMIN_EMAIL)
    admin.is_active = True
    admin.set_password("quiet-lantern-42")
    admin.save()
    assert demo_password_is_closed(None) == []


def test_a_missing_webhook_secret_is_named(settings: Settings) -> None:
    settings.STRIPE_WEBHOOK_SECRETS = []
    assert "STRIPE_WEBHOOK_SECRET" in webhook_has_a_secret(None)[0].msg
    settings.STRIPE_WEBHOOK_SECRETS = ["whsec_1"]
    assert webhook_has_a_secret(None) == []


def test_a_seller_without_an_address_is_named_once_money_is_taken(settings: Settings) -> None:
    assert seller_is_named(None) == []
    settings.STRIPE_SECRET_KEY = "sk_test_1"
    assert "SELLER_ADDRESS" in seller_is_named(None)[0].msg
    settings.SELLER = {**settings.SELLER, "address": "1 High Street, Leeds"}
    assert seller_is_named(None) == []


def test_the_demo_is_made_once(db: None) -> None:
    assert make_courses() == 12
    assert make_courses() == 0
    assert make_admin() == make_admin()


def test_the_demo_is_refused_in_production(db: None, settings: Settings) -> None:
    settings.DEBUG = False

    with pytest.raises(CommandError, match="DEBUG only"):
        call_command("seed_demo")
    assert not User.objects.exists()


def test_the_demo_imports_the_sample_and_prints_the_login(db: None, settings: Settings) -> None:
    settings.DEBUG = True  # the test runner turns it off
    printed = StringIO()

    call_command("seed_demo", address="http://localhost:8000", stdout=printed)

    assert User.objects.count() == 41
    assert "http://localhost:8000/admin/" in printed.getvalue()
    assert "person01@example.com" in printed.getvalue()
