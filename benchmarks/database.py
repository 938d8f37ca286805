"""A PostgreSQL database for the time of a benchmark, and the environment of production on it.

The server is the one of make test-services: 127.0.0.1 and the user postgres, unless DB_HOST and its family say
otherwise. Redis likewise; of its databases the last is used.
"""

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from cryptography.fernet import Fernet
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Identifier

from benchmarks.server import PROJECT

SCOPES = ("ANON", "USER", "LOGIN", "VERIFY_2FA", "REGISTER", "RESET", "CONTACT", "PAYMENT")
SERVICES = {
    "DB_HOST": "127.0.0.1",
    "DB_PORT": "5432",
    "DB_USER": "postgres",
    "DB_PASSWORD": "",
    "REDIS_HOST": "127.0.0.1",
    "REDIS_PORT": "6379",
    "REDIS_PASSWORD": "",
    "REDIS_DB": "15",
}


@contextmanager
def migrated_database(folder: str) -> Iterator[dict[str, str]]:
    """Make a database with all migrations, give the environment of processes on it, drop it whatever happens."""
    environment = production(f"titanobova_bench_{os.getpid()}", folder)
    administer("CREATE DATABASE {}", environment)
    try:
        run_on(environment, "manage.py", "migrate", "--verbosity", "0")
        yield environment
    finally:
        administer("DROP DATABASE {} WITH (FORCE)", environment)


def production(database: str, folder: str) -> dict[str, str]:
    """Return the environment of production: as deployed, but for HTTPS, and with limits that no load reaches."""
    return {
        "PATH": os.environ["PATH"],
        "ENV_DIR": folder,
        "LOG_DIR": folder,
        "MEDIA_ROOT": folder,
        "DEBUG": "False",
        "HTTPS_ONLY": "False",
        "SECRET_KEY": secrets.token_urlsafe(64),
        "FIELD_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "ALLOWED_HOSTS": "127.0.0.1",
        "PUBLIC_URL": "http://127.0.0.1",
        "TRUSTED_PROXY_COUNT": "1",
        "DB_NAME": database,
        **{name: os.environ.get(name, usual) for name, usual in SERVICES.items()},
        **{f"RATE_LIMIT_{scope}": "100000000/hour" for scope in SCOPES},
    }


def run_on(environment: dict[str, str], *command: str) -> str:
    """Run Python with the words of `command` on the database and return what it printed."""
    done = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, *command], cwd=PROJECT, env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout


def administer(statement: str, environment: dict[str, str]) -> None:
    """Run a statement about the database, from outside of it."""
    server = {"host": "DB_HOST", "port": "DB_PORT", "user": "DB_USER", "password": "DB_PASSWORD"}
    where = make_conninfo(dbname="postgres", **{option: environment[name] for option, name in server.items()})
    with psycopg.connect(where, autocommit=True) as connection:
        connection.execute(SQL(statement).format(Identifier(environment["DB_NAME"])))


def folder_of(environment: dict[str, str]) -> Path:
    """Return where its processes write."""
    return Path(environment["LOG_DIR"])
