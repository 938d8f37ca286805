"""What accounts must tell the apps above them, without importing one.

An app adds its function in `AppConfig.ready()`. The functions are called in the order in which they were added, inside
the transaction of the change; one that raises rolls all of it back.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from audit.actor import Actor

if TYPE_CHECKING:
    from users.models import User

# The person has proved that the address is theirs.
on_email_verified: "list[Callable[[User, Actor], None]]" = []

# Return what this app knows of the person, as JSON would have it, under the app's name.
export_person: "list[Callable[[User], dict[str, Any]]]" = []

# Take the person out of what this app keeps.
erase_person: "list[Callable[[User, Actor], None]]" = []
