"""A disk is full: what is stored is read, what is sent is refused, and once there is room again all goes on."""

import http.client
import io
import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from PIL import Image

from tests.faults.conftest import FilledFile, fill, mounted, seed
from tests.faults.load import Answered, Ask, contact, profile, send
from tests.faults.servers import OwnPostgres, Web, production, wait_until

pytestmark = [pytest.mark.external, pytest.mark.timeout(300)]

COURSE = Ask("GET", "/api/v1/courses/courses/priced/")
MOST = 400  # messages of 5 kB, until the disk is full whatever else there is
FULL = {503, 507}


def long_contact() -> Ask:
    """Return a message of 5 kB that no compression makes smaller."""
    ask = contact()
    assert ask.body
    ask.body["message"] = os.urandom(2490).hex()
    return ask


def write_until_refused(web: Web) -> tuple[set[str], Answered]:
    """Send messages until one is refused; return the ids of those that were taken, and the refusal."""
    taken = set[str]()
    for _ in range(MOST):
        answered = send(long_contact(), web.port)
        if answered.status != 201:
            return taken, answered
        taken.add(str(answered.body["id"]))
    raise AssertionError("the disk is never full")


def read_a_while(web: Web, bearer: str) -> list[int]:
    """Return the statuses of forty reads, one after another and four at a time."""
    asks = [profile(bearer)(), COURSE] * 10
    alone = [send(ask, web.port).status for ask in asks]
    with ThreadPoolExecutor(4) as clients:
        return alone + [answered.status for answered in clients.map(lambda ask: send(ask, web.port), asks)]


def check_full_and_healed(web: Web, disk: Path, bearer: str, stored: Callable[[], set[str]], *, what: str) -> None:
    """Fill the disk, look at what is answered, make room, and look again."""
    before = {str(send(long_contact(), web.port).body["id"]) for _ in range(5)}
    ballast = fill(disk)
    taken, refusal = write_until_refused(web)
    reads = read_a_while(web, bearer)
    refusals = [refusal, *(send(long_contact(), web.port) for _ in range(5))]
    ballast.unlink()
    healed = wait_until(lambda: send(long_contact(), web.port).status == 201, 20)

    counted = sorted({one.status for one in refusals})
    print(what, f"taken while full {len(taken)}, refusals {counted}, reads {sorted(set(reads))}, healed {healed:.2f} s")
    assert {one.status for one in refusals} <= FULL
    assert all(one.is_json and one.retry_after for one in refusals)
    assert reads == [200] * 40
    assert healed < 5
    assert before | taken <= stored()


def test_a_full_disk_under_sqlite(tmp_path: Path, filled_file: FilledFile) -> None:
    with mounted(tmp_path / "disk", 8) as disk:
        file = filled_file.copy_to(disk / "db.sqlite3")
        with Web(production(tmp_path, DB_NAME=str(file))) as web:
            check_full_and_healed(web, disk, filled_file.bearer, lambda: ids_in(file), what="SQLite:")
            with closing(sqlite3.connect(file)) as database:
                assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def ids_in(file: Path) -> set[str]:
    """Return the ids of all messages in a database of SQLite, as the API writes them."""
    with closing(sqlite3.connect(file)) as database:
        found = {pk for (pk,) in database.execute("SELECT id FROM contacts_contact")}
    return {f"{pk[:8]}-{pk[8:12]}-{pk[12:16]}-{pk[16:20]}-{pk[20:]}" for pk in found}


def test_a_full_disk_under_postgresql(tmp_path: Path, shared_folder: Path) -> None:
    with mounted(shared_folder / "disk", 120) as disk:
        cluster = OwnPostgres(disk / "cluster", wal=shared_folder / "wal")
        with cluster:
            cluster.ask("CREATE DATABASE full_disk")
            site = production(tmp_path, **cluster.variables("full_disk"))
            bearer = seed(site)["student"]
            with Web(site) as web:
                check_full_and_healed(web, disk, bearer, lambda: ids_at(cluster), what="PostgreSQL:")
                cluster.ask("CREATE EXTENSION amcheck", "full_disk")
                cluster.ask("SELECT bt_index_check(oid) FROM pg_class WHERE relkind = 'i' AND relam = 403", "full_disk")


def ids_at(cluster: OwnPostgres) -> set[str]:
    """Return the ids of all messages in the database `full_disk`."""
    return {str(pk) for (pk,) in cluster.ask("SELECT id FROM contacts_contact", "full_disk")}


def test_a_full_disk_of_logs_and_pictures_refuses_pictures_alone(tmp_path: Path, filled_file: FilledFile) -> None:
    file = filled_file.copy_to(tmp_path / "db.sqlite3")
    with (
        mounted(tmp_path / "logs", 1) as logs,
        mounted(tmp_path / "media", 1) as media,
        Web(production(tmp_path, DB_NAME=str(file))) as web,
    ):
        ballast = fill(logs)
        fill(media)
        statuses = [send(ask, web.port).status for ask in (contact(), COURSE, contact(), COURSE)]
        uploaded = upload(web, filled_file.bearer)
        ballast.unlink()
        after = send(profile(filled_file.bearer)(), web.port)
        written = (logs / "titanobova.log").read_text().splitlines()
    assert statuses == [201, 200, 201, 200]
    assert uploaded == (507, "application/json")
    assert (after.status, after.body["profile_picture"]) == (200, None)
    assert '"status": 200' in written[-1]


def upload(web: Web, bearer: str) -> tuple[int, str]:
    """Send a new profile picture as a form; return status and type of the answer."""
    picture = io.BytesIO()
    Image.frombytes("RGB", (300, 300), os.urandom(270_000)).save(picture, "PNG")
    part = b'--x\r\nContent-Disposition: form-data; name="profile_picture"; filename="a.png"\r\n'
    body = part + b"Content-Type: image/png\r\n\r\n" + picture.getvalue() + b"\r\n--x--\r\n"
    headers = {"Content-Type": "multipart/form-data; boundary=x", "Authorization": f"Bearer {bearer}"}
    with closing(http.client.HTTPConnection("127.0.0.1", web.port, timeout=30)) as connection:
        connection.request("PATCH", "/api/v1/users/profile/", body, headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status, answer.headers["Content-Type"]
