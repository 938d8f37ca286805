"""What a backup says about itself."""

import json
from dataclasses import asdict, dataclass, fields
from typing import Any

from titanobova.site.backups.errors import BackupRefused

FORMAT = 1


@dataclass(frozen=True)
class Manifest:
    """The last thing written into a backup: what it holds, of which release, and the digest of each file in it.

    `rows` are counted in the very snapshot that the dump was made of, so a restore can be held against them.
    """

    format: int
    release: str
    vendor: str  # postgresql or sqlite
    server: str
    database: str
    made_at: str
    migrations: list[str]
    rows: dict[str, int]
    files: dict[str, str]  # name in the archive: its SHA-256

    def as_json(self) -> bytes:
        """Return the text of the member manifest.json."""
        return (json.dumps(asdict(self), indent=1, sort_keys=True) + "\n").encode()

    @classmethod
    def from_json(cls, text: bytes) -> "Manifest":
        """Return what manifest.json says.

        :raises BackupRefused: when it is none, or one of a later release.
        """
        try:
            told: dict[str, Any] = json.loads(text)
            if told["format"] != FORMAT:
                raise BackupRefused(f"the backup has format {told['format']}, this release reads {FORMAT}")
            return cls(**{field.name: told[field.name] for field in fields(cls)})
        except (ValueError, KeyError, TypeError):
            raise BackupRefused("manifest.json in the backup cannot be read") from None
