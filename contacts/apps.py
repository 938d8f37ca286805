from importlib import import_module

from django.apps import AppConfig


class ContactsConfig(AppConfig):
    """The contact form and the staff's answers."""

    name = "contacts"
    verbose_name = "Contacts"

    def ready(self) -> None:
        """Take part when a person asks for their data or is erased; models can be imported only now."""
        import_module("contacts.personal_data").take_part()
