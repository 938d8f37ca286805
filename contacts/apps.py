from django.apps import AppConfig


class ContactsConfig(AppConfig):
    """The contact form and the staff's answers."""

    name = "contacts"
    verbose_name = "Contacts"
