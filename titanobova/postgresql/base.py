"""The backend that settings.py names as ENGINE; Django looks for it in a module of this name."""

import select
import time
from typing import Any

from django.db.backends.postgresql import base
from psycopg import Connection, OperationalError
from psycopg_pool import PoolTimeout

BUSY_SECONDS = 3.0  # to wait while other threads hold all connections and will give one back
RESTART_SECONDS = 1.0  # to wait while there is none at all: a restart of PostgreSQL took 0.3 to 0.5 s when measured


class DatabaseWrapper(base.DatabaseWrapper):
    """Hands out only connections whose server is still there, and finds a server that came back at once.

    CONN_HEALTH_CHECKS would ask the server before every request, which took a tenth of a short request. A server that
    went away has closed the connection, and the kernel knows: the end of the stream waits to be read, where an idle
    connection has nothing to say. A network that swallows everything is found by TCP itself (settings.py).

    The pool itself would try a lost server again after 1, 2, 4, ... seconds, and let every request wait its whole
    time-out meanwhile: late when the server is back, and with all threads held while it is not. So the pool gives up
    at the first failure (`reconnect_timeout`), and who wants a connection makes it try again every `timeout`.
    """

    _is_given_up = False  # nobody of this process has had a connection since one waited in vain

    def get_new_connection(self, conn_params: dict[str, Any]) -> Connection[Any]:
        """Return a connection of the pool; the ones that died there are dropped on the way.

        :raises OperationalError: when none comes in time.
        """
        connection = self._wait_for_one(conn_params)
        while self.pool is not None and not is_alive(connection):
            connection.close()
            self.pool.putconn(connection)
            connection = self._wait_for_one(conn_params)
        return connection

    def _wait_for_one(self, conn_params: dict[str, Any]) -> Connection[Any]:
        started = time.monotonic()
        while True:
            try:
                connection: Connection[Any] = super().get_new_connection(conn_params)
            except PoolTimeout:
                if not self._may_wait(time.monotonic() - started):
                    raise
            else:
                DatabaseWrapper._is_given_up = False
                return connection

    def _may_wait(self, waited: float) -> bool:
        """Whether it is worth asking the pool again.

        Once somebody has waited in vain, the others wait for one try of the pool alone, until it has one: threads
        that wait for a lost database answer nobody, not even /health/live.
        """
        if DatabaseWrapper._is_given_up:
            return False
        are_there_any = self.pool.get_stats()["pool_size"] > 0
        DatabaseWrapper._is_given_up = waited > (BUSY_SECONDS if are_there_any else RESTART_SECONDS)
        return not DatabaseWrapper._is_given_up


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
