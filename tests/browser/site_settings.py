"""Production's settings but for the place of the static files: those of a test are not left in the checkout."""

import os
from pathlib import Path

from titanobova.settings import *  # noqa: F403 - every setting is meant

STATIC_ROOT = Path(os.environ["STATIC_ROOT"])
