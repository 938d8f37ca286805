"""When two rows with one id cannot be the same: they were made at different moments. Pure."""

from datetime import datetime, timedelta

MINUTE, QUARTER_HOUR = timedelta(minutes=1), timedelta(minutes=15)
ZONES = timedelta(hours=26)  # from UTC-12 to UTC+14


def is_another_moment(one: datetime, other: datetime) -> bool:
    """Say whether these are no two readings of one instant: rounded, or taken for one of another time zone.

    All zones are whole quarter hours apart (IANA's, since 1972).
    """
    apart = abs(one - other)
    return apart >= ZONES or (apart >= MINUTE and apart % QUARTER_HOUR != timedelta(0))
