"""Where settings come from, and what production refuses to start with.

``python -m titanobova.env new-secrets`` writes `.env.production` from its example with fresh secrets.
"""

import os
import re
import secrets
import sys
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured
from dotenv import dotenv_values
from environs import EnvError, EnvValidationError, FileAwareEnv

from titanobova.crypto import ecdsa_key

BASE_DIR = Path(__file__).resolve().parent.parent
TRUE_WORDS = frozenset({"true", "1", "yes", "on", "y", "t"})
DEVELOPMENT_KEY = "development-only-key-that-production-refuses-to-start-with-0000"
EXAMPLE_KEYS = (DEVELOPMENT_KEY, "django-insecure", "your-", "change")
PERIODS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
NEW_SECRETS = "python -m titanobova.env new-secrets"


def load_env() -> FileAwareEnv:
    """Return the reader of settings: the environment first, then `.env`, then `.env.production`.

    `.env.production` counts unless one of the others says DEBUG is true, so that a developer's checkout that holds
    a copy never talks to production by accident. ENV_DIR names another folder for both files; tests point it at an
    empty one. A variable NAME may come from the file that NAME_FILE names (Docker secrets).
    """
    folder = Path(os.environ.get("ENV_DIR", BASE_DIR))
    _add(folder / ".env")
    if os.environ.get("DEBUG", "").strip().lower() not in TRUE_WORDS:
        _add(folder / ".env.production")
    env = FileAwareEnv(eager=False, strip_whitespace=True)
    env.add_parser("rate", parse_rate)
    env.add_parser("words", parse_words)
    env.add_parser("address", parse_address)
    env.add_parser("percent", parse_percent)
    env.add_parser("days", parse_days)
    env.add_parser("fernet_keys", parse_fernet_keys)
    env.add_parser("ecdsa_keys", parse_ecdsa_keys)
    env.add_parser("dsn", parse_dsn)
    return env


def parse_rate(text: str) -> tuple[int, int]:
    """Read `100/hour` or `5/10minute` as (requests, seconds).

    :raises EnvError: when the text has another form.
    """
    match = re.fullmatch(r"([0-9]{1,9})/([1-9][0-9]{0,3})?(second|minute|hour|day)s?", text.strip())
    if match is None:
        raise EnvError("a rate is written like 100/hour or 5/10minute")
    quota, number, period = match.groups()
    return int(quota), int(number or 1) * PERIODS[period]


def parse_words(text: str) -> list[str]:
    """Read `a, b` as ["a", "b"]. An empty item is none: as a secret it would let in whoever signs with nothing."""
    return [word.strip() for word in text.split(",") if word.strip()]


def parse_address(text: str) -> str:
    """Read `https://www.example.com/` without the slash at its end; links in mails and calls to services begin so.

    :raises EnvError: when it has no scheme or no host, for such a link leads nowhere.
    """
    text = text.strip().rstrip("/")
    if text and not re.fullmatch(r"https?://[^\s/]+(/\S*)?", text):
        raise EnvError("an address is written like https://www.example.com")
    return text


def parse_percent(text: str) -> Decimal:
    """Read `19` or `8.875`, the percent of a tax: less than a hundred, with at most three digits after the point.

    :raises EnvError: for anything else.
    """
    if not re.fullmatch(r"[0-9]{1,2}(\.[0-9]{1,3})?", text.strip()):
        raise EnvError("a percentage is written like 19 or 8.875")
    return Decimal(text.strip())


def parse_days(text: str) -> int:
    """Read for how many days rows are kept: 0 is for ever, and less than a week is refused.

    A mail may be on its way for days, and a lock lasts a day: what is kept for a week is needed by neither.

    :raises EnvError: for anything else.
    """
    if not re.fullmatch(r"[0-9]{1,5}", text.strip()) or 0 < int(text) < 7:
        raise EnvError("a number of days is 0 (for ever), or from 7 to 99999")
    return int(text)


def parse_fernet_keys(text: str) -> list[str]:
    """Read keys, so that a mistyped one stops the start rather than the first person with a second factor.

    :raises EnvError: when one is no Fernet key.
    """
    keys = parse_words(text)
    for key in keys:
        try:
            Fernet(key)
        except ValueError:
            raise EnvError(f"a key is 32 bytes in URL-safe base64; make one: {NEW_SECRETS}") from None
    return keys


def parse_ecdsa_keys(text: str) -> list[str]:
    """Read public keys, so that a mistyped one stops the start rather than refuses every event.

    :raises EnvError: when one is none.
    """
    keys = parse_words(text)
    for key in keys:
        try:
            ecdsa_key(key)
        except (ValueError, UnsupportedAlgorithm):
            raise EnvError("a key is copied as SendGrid shows it: one line of base64") from None
    return keys


def parse_dsn(text: str) -> str:
    """Read where Sentry takes reports, and whose they are: its own library would end the start in a traceback.

    :raises EnvError: when it lacks the key, the host or the number of the project.
    """
    text = text.strip()
    try:
        parts = urlsplit(text)
        is_whole = parts.scheme in {"http", "https"} and parts.username and parts.hostname and parts.port != 0
    except ValueError:
        is_whole = False
    if text and not (is_whole and re.fullmatch(r".*/[0-9]{1,20}", parts.path)):
        raise EnvError("a DSN is copied as Sentry shows it, like https://key@o1.ingest.sentry.io/2")
    return text


def _add(path: Path) -> None:
    """Add what the file says and no earlier source does, as NAME or as NAME_FILE; a `${...}` stays as it is written."""
    if path.is_file():
        for name, text in dotenv_values(path, interpolate=False).items():
            if text and name.removesuffix("_FILE") not in os.environ:
                os.environ.setdefault(name, text)


def seal(env: FileAwareEnv) -> None:
    """Finish reading; refuse every unparsable variable at once, by name and without its value.

    :raises ImproperlyConfigured: naming each variable. The value is left out because it may be a secret.
    """
    try:
        env.seal()
    except EnvValidationError as error:
        messages = dict(error.error_messages)  # type: ignore[arg-type]  # seal() collects by name
        lines = [f"  {name}: {' '.join(map(str, reasons))}" for name, reasons in messages.items()]
        raise ImproperlyConfigured("Settings that cannot be read:\n" + "\n".join(lines)) from None


def refuse_unsafe_start(facts: Mapping[str, object]) -> None:
    """Stop a start that would put accounts or money at risk, naming all reasons at once.

    `facts` are the finished settings. An attacker who knows an example key signs tokens for any account, and one who
    chooses the Host header writes the links in our mails: each rule below closes one such door.

    :raises ImproperlyConfigured: with one line for each reason and the command that mends it.
    """
    rules = _production_rules(facts) if not facts["DEBUG"] else _development_rules(facts)
    broken = [reason for is_broken, reason in rules if is_broken]
    if broken:
        raise ImproperlyConfigured("Refusing to start:\n" + "\n".join(f"  {reason}" for reason in broken))


def _production_rules(facts: Mapping[str, object]) -> list[tuple[bool, str]]:
    key = str(facts["SECRET_KEY"])
    weak_key = len(key) < 50 or key.lower().startswith(EXAMPLE_KEYS) or len(set(key)) < 10
    return [
        (
            weak_key,
            f"SECRET_KEY is missing, short (under 50 characters) or an example; make one: {NEW_SECRETS}",
        ),
        (not facts["FIELD_ENCRYPTION_KEYS"], f"FIELD_ENCRYPTION_KEYS is missing; make one: {NEW_SECRETS}"),
        (not facts["ALLOWED_HOSTS"], "ALLOWED_HOSTS is missing; set it: ALLOWED_HOSTS=api.example.com"),
        (
            not facts["FRONTEND_URL"] and not facts["PUBLIC_URL"],
            "FRONTEND_URL or PUBLIC_URL is missing (links in mails); set it: FRONTEND_URL=https://www.example.com",
        ),
        (
            "*" in str(facts["ALLOWED_HOSTS"]),
            "ALLOWED_HOSTS holds *; name the hosts: ALLOWED_HOSTS=api.example.com",
        ),
    ]


def _development_rules(facts: Mapping[str, object]) -> list[tuple[bool, str]]:
    live = str(facts["STRIPE_SECRET_KEY"]).startswith("sk_live_")
    return [(live, "STRIPE_SECRET_KEY is a live key while DEBUG is on; set DEBUG=False, or use an sk_test_ key")]


def new_secrets(folder: Path) -> Path:
    """Write `.env.production` from `.env.production.example` with every empty secret filled; return its path.

    The file is readable by its owner alone. An existing one is never touched, for its keys guard stored data.

    :raises FileExistsError: when the file exists.
    """
    fresh = {
        "SECRET_KEY": secrets.token_urlsafe(64),
        "FIELD_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "DB_PASSWORD": secrets.token_urlsafe(24),
        "REDIS_PASSWORD": secrets.token_urlsafe(24),
    }
    lines = (folder / ".env.production.example").read_text().splitlines()
    filled = [line + fresh[line[:-1]] if line.endswith("=") and line[:-1] in fresh else line for line in lines]
    target = folder / ".env.production"
    with open(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:  # noqa: PTH123 - a mode
        file.write("\n".join(filled) + "\n")
    return target


if __name__ == "__main__":
    if sys.argv[1:] != ["new-secrets"]:
        sys.exit("usage: python -m titanobova.env new-secrets")
    try:
        print(f"Wrote {new_secrets(Path(os.environ.get('ENV_DIR', BASE_DIR)))}; set its hosts and addresses.")
    except FileExistsError:
        sys.exit(".env.production exists already and stays as it is: its keys guard stored data.")
