from django.apps import AppConfig


class UsersConfig(AppConfig):
    """Accounts, login, second factor, sessions."""

    name = "users"
    verbose_name = "Accounts"
