"""Why there is no backup, or why nothing was restored."""


class BackupRefused(Exception):
    """Nothing was written, or nothing was touched; the message says why, on one line."""


class PicturesMissing(Exception):
    """The database was restored, but not all of its pictures; the message says why, on one line."""
