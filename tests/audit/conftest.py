"""The log files, as the tests of the shared ground read them."""

from tests.shared.conftest import log_folder, security_log

__all__ = ["log_folder", "security_log"]
