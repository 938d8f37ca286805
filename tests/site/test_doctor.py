"""`manage.py doctor`: each part out of order in turn, named in one line with how to mend it, and no secret anywhere."""

import socket
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from io import StringIO
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone
from django_redis import get_redis_connection

from tests.shared.starting import PRODUCTION, start
from tests.site.outside import Outside, outside
from titanobova import heartbeats
from titanobova.celery import app
from titanobova.mail.sending import way_out
from titanobova.models import Heartbeat, MailPause, OutgoingMail
from titanobova.site.doctor import asking, services, stores, surroundings
from titanobova.site.doctor.examining import Ailment, Finding, Part, examine_all
from titanobova.site.doctor.shown import masked
from titanobova.site.management.commands.doctor import PARTS, line_of
from users.models import LoginAttempt

SECRETS = {
    "STRIPE_SECRET_KEY": "sk_test_" + "never-to-be-printed-1",
    "SENDGRID_API_KEY": "SG." + "never-to-be-printed-2",
    "DB_PASSWORD": "never-to-be-printed-3",
    "REDIS_PASSWORD": "never-to-be-printed-4",
    "STRIPE_WEBHOOK_SECRET": "whsec_never-to-be-printed-5",
    "NODE_DB_URL": "mysql://old:never-to-be-printed-6@127.0.0.1/old",
}


def ailment_of(examine: Callable[[], str]) -> Ailment:
    """Return what is wrong with a part that must not be well."""
    with pytest.raises(Ailment) as caught:
        examine()
    return caught.value


@pytest.fixture
def service(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Outside]:
    """A server that plays Stripe, SendGrid and Sentry, and is set up as each of them."""
    monkeypatch.setattr(asking, "SECONDS", 20)  # for a busy machine
    with outside() as playing:
        settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE = SECRETS["STRIPE_SECRET_KEY"], playing.url
        settings.STRIPE_WEBHOOK_SECRETS = [SECRETS["STRIPE_WEBHOOK_SECRET"]]
        settings.SENDGRID_API_KEY, settings.SENDGRID_API_BASE = SECRETS["SENDGRID_API_KEY"], playing.url
        settings.SENTRY_DSN = playing.url.replace("http://", "http://abcdef@") + "/7"
        yield playing


def test_a_key_that_stripe_takes_is_well(service: Outside) -> None:
    service.answer("/v1/payment_intents", body='{"data": []}')

    assert services.stripe() == "the key works; it is a test key, nobody pays"


@pytest.mark.parametrize(
    ("status", "what", "mend"),
    [
        (401, "refuses the key (status 401)", "STRIPE_SECRET_KEY"),
        (403, "refuses the key (status 403)", "STRIPE_SECRET_KEY"),
        (500, "answers with status 500", "STRIPE_API_BASE"),
        (302, "answers with status 302", "STRIPE_API_BASE"),
    ],
)
def test_a_stripe_that_refuses_is_named(service: Outside, status: int, what: str, mend: str) -> None:
    service.answer("/v1/payment_intents", status, Location=f"{service.url}/elsewhere")

    ailment = ailment_of(services.stripe)

    assert what in ailment.what
    assert mend in ailment.mend


def test_a_webhook_without_a_secret_is_named(service: Outside, settings: LazySettings) -> None:
    settings.STRIPE_WEBHOOK_SECRETS = []
    service.answer("/v1/payment_intents", body='{"data": []}')

    assert "STRIPE_WEBHOOK_SECRET" in ailment_of(services.stripe).mend


def test_a_sendgrid_that_takes_the_key_is_well(service: Outside) -> None:
    service.answer("/v3/scopes", body='{"scopes": ["mail.send"]}')

    assert services.mail() == "SendGrid takes the key"
    assert [told.authorization for told in service.told] == [f"Bearer {SECRETS['SENDGRID_API_KEY']}"]


@pytest.mark.parametrize(
    ("status", "body", "what"),
    [
        (401, "{}", "refuses the key"),
        (200, '{"scopes": ["user.profile.read"]}', "may not send mail"),
        (200, "<html>", "may not send mail"),
        (503, "", "status 503"),
    ],
)
def test_a_sendgrid_that_would_not_send_is_named(service: Outside, status: int, body: str, what: str) -> None:
    service.answer("/v3/scopes", status, body)

    assert what in ailment_of(services.mail).what


def test_mail_that_is_only_printed_is_named_in_production(settings: LazySettings) -> None:
    settings.SENDGRID_API_KEY, settings.EMAIL_HOST, settings.DEBUG = "", "", True
    assert services.mail().startswith("printed")

    settings.DEBUG = False

    assert "EMAIL_HOST" in ailment_of(services.mail).mend


def test_a_mail_server_that_does_not_listen_is_named(settings: LazySettings) -> None:
    settings.SENDGRID_API_KEY, settings.EMAIL_HOST, settings.EMAIL_PORT = "", "127.0.0.1", 1

    [finding] = examine_all([Part("mail", services.mail, "see that it runs")])

    assert "refused" in finding.says
    assert finding.mend == "see that it runs"


def test_sentry_is_asked_with_its_key_and_sent_nothing(service: Outside) -> None:
    service.answer("/api/7/envelope/")

    assert services.sentry() == "127.0.0.1 takes the DSN"
    assert [told.body for told in service.told] == ["{}\n"]


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_sentry_that_refuses_is_named(service: Outside, status: int) -> None:
    service.answer("/api/7/envelope/", status)

    assert f"status {status}" in ailment_of(services.sentry).what


def test_a_dsn_that_is_none_is_named_without_being_shown(settings: LazySettings) -> None:
    settings.SENTRY_DSN = "never-to-be-printed"

    ailment = ailment_of(services.sentry)

    assert "never" not in ailment.what + ailment.mend


@pytest.mark.django_db
@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_stripe_does_not_share_is_named(service: Outside, hours: int) -> None:
    other = format_datetime(datetime.now(UTC) + timedelta(hours=hours), usegmt=True)
    service.answer("/", 404, Date=other)

    ailment = ailment_of(surroundings.clock)

    assert ("+3600 s" if hours == 1 else "-3600 s")[:3] in ailment.what
    assert "chrony" in ailment.mend


@pytest.mark.django_db
def test_a_clock_that_all_share_is_well(service: Outside) -> None:
    assert "Stripe " in surroundings.clock()


@pytest.mark.django_db
def test_https_without_a_trusted_proxy_is_named(settings: LazySettings) -> None:
    settings.HTTPS_ONLY, settings.TRUSTED_PROXY_COUNT = True, 0

    assert "TRUSTED_PROXY_COUNT" in ailment_of(surroundings.proxies).mend


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("addresses", "is_well"),
    [
        (["172.18.0.5"] * 6, False),
        (["93.184.216.34"] * 6, True),
        (["172.18.0.5"] * 3, True),
        (["10.0.0.1", "10.0.0.2"] * 3, True),
    ],
)
def test_a_proxy_that_is_not_counted_shows_in_the_addresses(
    settings: LazySettings, addresses: list[str], is_well: bool
) -> None:
    settings.DEBUG = settings.HTTPS_ONLY = False
    for address in addresses:
        LoginAttempt.objects.create(email="a@example.com", ip_address=address, outcome="wrong")

    if is_well:
        assert surroundings.proxies() == "0 trusted"
    else:
        assert "172.18.0.5" in ailment_of(surroundings.proxies).what


@pytest.mark.django_db
def test_mail_that_stays_is_named() -> None:
    OutgoingMail.objects.create(
        recipient="a@example.com", subject="x", text="x", created_at=timezone.now() - timedelta(minutes=16)
    )

    assert ailment_of(surroundings.outbox).what == "1 mails wait, the oldest for 16 minutes"


@pytest.mark.django_db
def test_mail_that_failed_for_good_is_named() -> None:
    OutgoingMail.objects.create(recipient="a@example.com", subject="x", text="x", status="failed")

    assert "Outgoing mail" in ailment_of(surroundings.outbox).mend


@pytest.mark.django_db
def test_a_delivery_that_pauses_is_named_with_its_reason() -> None:
    until = timezone.now() + timedelta(minutes=5)
    MailPause.objects.create(way=way_out(), ends_at=until, reason="SendGrid answers 401")

    ailment = ailment_of(surroundings.outbox)

    assert ailment.what.startswith("delivery pauses for")
    assert "SendGrid answers 401" in ailment.what


@pytest.mark.django_db
@pytest.mark.parametrize(("age", "what"), [(None, "never was"), (timedelta(minutes=3), "no sign of life for 180 s")])
def test_a_beat_that_is_silent_is_named(settings: LazySettings, age: timedelta | None, what: str) -> None:
    settings.REDIS_HOST = "127.0.0.1"
    if age is not None:
        Heartbeat.objects.create(name="beat", noted_at=timezone.now() - age)

    assert what in ailment_of(surroundings.beat).what

    heartbeats.note("beat")
    assert surroundings.beat() == "last sign of life 0 s ago"


@pytest.mark.django_db(transaction=True)
def test_a_missing_migration_is_named() -> None:
    assert stores.migrations() == "all applied"
    recorder = MigrationRecorder(connection)
    recorder.record_unapplied("legacy_import", recorder.migration_qs.filter(app="legacy_import").latest("name").name)
    try:
        ailment = ailment_of(stores.migrations)
    finally:
        call_command("migrate", "legacy_import", fake=True, verbosity=0)

    assert ailment.what.startswith("1 migrations are not applied, first legacy_import.")
    assert ailment.mend == "run: python manage.py migrate"


@pytest.mark.django_db(transaction=True)
def test_a_database_that_takes_writes_is_well(settings: LazySettings) -> None:
    settings.DB_POOL_SIZE = 8  # the races of the tests have more
    assert stores.database().startswith({"sqlite": "SQLite, wal", "postgresql": "PostgreSQL "}[connection.vendor])


def test_a_full_disk_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stores, "LITTLE_SPACE", 2**70)

    assert "MiB are free at" in ailment_of(stores.disk).what


@pytest.mark.parametrize(("examine", "name"), [(stores.logs, "LOG_DIR"), (stores.media, "MEDIA_ROOT")])
def test_a_folder_that_cannot_be_written_is_named(
    settings: LazySettings, tmp_path: Path, examine: Callable[[], str], name: str
) -> None:
    (tmp_path / "file").write_text("not a folder")
    setattr(settings, name, tmp_path / "file")

    ailment = ailment_of(examine)

    assert str(tmp_path / "file") in ailment.what
    assert name in ailment.mend


def test_static_files_that_are_not_collected_are_named(settings: LazySettings, tmp_path: Path) -> None:
    settings.DEBUG, settings.STATIC_ROOT = False, tmp_path

    assert ailment_of(stores.static_files).mend == "run: python manage.py collectstatic --noinput"


def test_several_processes_without_redis_are_named(settings: LazySettings) -> None:
    settings.REDIS_HOST, settings.WEB_CONCURRENCY = "", 4

    assert "WEB_CONCURRENCY=1" in ailment_of(stores.redis).mend


if connection.vendor == "postgresql":  # and Redis

    def test_a_redis_that_drops_jobs_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
        redis = get_redis_connection("default")
        assert stores.redis().startswith("Redis ")
        redis.config_set("maxmemory", "100mb")
        redis.config_set("maxmemory-policy", "allkeys-lru")
        try:
            ailment = ailment_of(stores.redis)
        finally:
            redis.config_set("maxmemory-policy", "noeviction")
            redis.config_set("maxmemory", "0")

        assert "allkeys-lru" in ailment.what

    def test_a_worker_that_is_not_there_is_named() -> None:
        ailment = ailment_of(surroundings.worker)

        assert ailment.what == "no worker answers, 0 jobs wait"
        assert "celery -A titanobova worker" in ailment.mend

    @pytest.mark.django_db
    def test_more_connections_than_the_server_has_are_named(settings: LazySettings) -> None:
        settings.DB_POOL_SIZE = 10_000

        assert "max_connections" in ailment_of(stores.database).mend


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that takes connections and says nothing."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        yield listener.getsockname()[1]


def test_a_site_of_which_everything_is_broken_is_told_all_of_it_at_once(tmp_path: Path, silent_port: int) -> None:
    silent = f"http://127.0.0.1:{silent_port}"
    dead = {"DB_HOST": "127.0.0.1", "DB_PORT": "1", "REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(silent_port)}
    outside = {"STRIPE_API_BASE": silent, "SENDGRID_API_BASE": silent, "SENTRY_DSN": "http://a@127.0.0.1:1/1"}
    (tmp_path / "file").write_text("not a folder")
    environment = {**PRODUCTION, **SECRETS, **dead, **outside, "MEDIA_ROOT": str(tmp_path / "file")}

    done = start(tmp_path, "manage.py", "doctor", environment=environment)

    lines = {line.split()[1]: line for line in done.stdout.splitlines() if line.startswith(("ok ", "WRONG "))}
    assert done.returncode == 1
    assert list(lines) == [part.name for part in PARTS]
    wrong = {name for name, line in lines.items() if line.startswith("WRONG")}
    assert wrong >= {
        "database",
        "migrations",
        "redis",
        "worker",
        "outbox",
        "mail",
        "stripe",
        "sentry",
        "proxies",
        "media",
    }
    assert all(". Mend: " in lines[name] for name in wrong)
    assert "never-to-be-printed" not in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert "STRIPE_SECRET_KEY          set, 20 to 49 characters" in done.stdout.splitlines()


@pytest.mark.django_db(transaction=True)
def test_a_site_that_is_well_says_so(
    service: Outside, settings: LazySettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DEBUG, settings.MEDIA_ROOT, settings.LOG_DIR = True, tmp_path / "media", tmp_path / "logs"
    settings.DB_POOL_SIZE = 8
    service.answer("/v1/payment_intents", body='{"data": []}')
    service.answer("/v3/scopes", body='{"scopes": ["mail.send"]}')
    service.answer("/api/7/envelope/")
    heartbeats.note("beat")
    monkeypatch.setattr(app.control, "inspect", lambda timeout: Answering())
    monkeypatch.setattr("titanobova.site.doctor.examining.PART_SECONDS", 30)  # for a busy machine
    printed = StringIO()

    call_command("doctor", stdout=printed)

    lines = printed.getvalue().splitlines()
    assert lines[-1] == "All is well."
    assert [line.split()[1] for line in lines if line.startswith("ok ")] == [part.name for part in PARTS]


class Answering:
    """One worker that answers."""

    def ping(self) -> dict[str, dict[str, str]]:
        """Say so."""
        return {"celery@worker": {"ok": "pong"}}


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("SECRET_KEY", "", "not set"),
        ("SECRET_KEY", "x" * 64, "set, 50 characters or more"),
        ("DB_PASSWORD", "short", "set, under 20 characters"),
        ("STRIPE_WEBHOOK_SECRET", ["whsec_" + "a" * 30, "b"], "set, 20 to 49 characters, under 20 characters"),
        ("SENTRY_DSN", "https://a@example.com/1", "set, 20 to 49 characters"),
        ("NODE_DB_URL", "", "not set"),
        ("DB_NAME", "titanobova", "titanobova"),
        ("ALLOWED_HOSTS", ["a.example.com", "b.example.com"], "a.example.com, b.example.com"),
        ("FRONTEND_URL", "", "(empty)"),
    ],
)
def test_a_secret_is_shown_by_its_length_alone(name: str, value: object, shown: str) -> None:
    assert masked(name, value) == shown


def test_a_part_that_hangs_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("titanobova.site.doctor.examining.PART_SECONDS", 0.3)

    def hang() -> str:
        time.sleep(2)
        return "late"

    hanging = Part("hanging", hang, "wake it")

    begin = time.monotonic()
    findings = examine_all([hanging, Part("well", lambda: "fine", "")])

    assert time.monotonic() - begin < 1
    assert findings == [Finding("hanging", "no answer within 0.3 s", "wake it"), Finding("well", "fine")]


def test_an_error_that_repeats_a_secret_is_told_by_its_name() -> None:
    def examine() -> str:
        raise ValueError("Invalid header value b'Bearer never-to-be-printed'")

    [finding] = examine_all([Part("mail", examine, "look")])

    assert line_of(finding) == "WRONG mail       ValueError. Mend: look"


@pytest.mark.django_db(transaction=True)
def test_the_command_exits_with_one_when_something_is_wrong(settings: LazySettings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "file" / "under"
    (tmp_path / "file").write_text("not a folder")
    printed = StringIO()

    with pytest.raises(SystemExit) as ended:
        call_command("doctor", "--no-settings", stdout=printed)

    assert ended.value.code == 1
    assert "media" in printed.getvalue().splitlines()[-1]
