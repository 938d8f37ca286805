"""The backend that settings.py names as ENGINE; Django looks for it in a module of this name."""

import select
from typing import Any

from django.db.backends.postgresql import base
from psycopg import Connection, OperationalError


class DatabaseWrapper(base.DatabaseWrapper):
    """Hands out only connections whose server is still there.

    CONN_HEALTH_CHECKS would ask the server before every request, which took a tenth of a short request. A server that
    went away has closed the connection, and the kernel knows: the end of the stream waits to be read, where an idle
    connection has nothing to say. A network that swallows everything is found by TCP itself (settings.py).
    """

    def get_new_connection(self, conn_params: dict[str, Any]) -> Connection[Any]:
        """Return a connection of the pool; the ones that died there are dropped on the way."""
        connection: Connection[Any] = super().get_new_connection(conn_params)
        while self.pool is not None and not is_alive(connection):
            connection.close()
            self.pool.putconn(connection)
            connection = super().get_new_connection(conn_params)
        return connection


def is_alive(connection: Connection[Any]) -> bool:
    """Return whether the server is there; what an idle connection has to say is read, be it a notice or its end."""
    if connection.closed:
        return False
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN)
    if not waiting.poll(0):
        return True
    try:
        connection.execute("")
    except OperationalError:
        return False
    return True
