"""`manage.py doctor`: what is set, what is wrong, and how to mend it."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from titanobova.site.doctor import services, stores, surroundings
from titanobova.site.doctor.examining import Finding, Part, examine_all
from titanobova.site.doctor.shown import shown_settings

PARTS = (
    Part("database", stores.database, "see that it runs, and that DB_HOST, DB_PORT, DB_NAME, DB_USER, DB_PASSWORD fit"),
    Part("migrations", stores.migrations, "mend `database` first, then run: python manage.py migrate"),
    Part("redis", stores.redis, "see that it runs, and that REDIS_HOST, REDIS_PORT and REDIS_PASSWORD fit"),
    Part("worker", surroundings.worker, "mend `redis` first, then start: celery -A titanobova worker"),
    Part("beat", surroundings.beat, "mend `database` and `migrations` first"),
    Part("outbox", surroundings.outbox, "mend `database` and `migrations` first"),
    Part("mail", services.mail, "see that the mail service can be reached from here, and that its settings fit"),
    Part("stripe", services.stripe, "see that Stripe can be reached from here (STRIPE_API_BASE)"),
    Part("sentry", services.sentry, "see that the host of SENTRY_DSN can be reached from here"),
    Part("clock", surroundings.clock, "mend `database` and `migrations` first"),
    Part("proxies", surroundings.proxies, "mend `database` and `migrations` first"),
    Part("disk", stores.disk, "see that LOG_DIR and MEDIA_ROOT lie on disks that are there"),
    Part("logs", stores.logs, "see that LOG_DIR can be written"),
    Part("media", stores.media, "see that MEDIA_ROOT can be written"),
    Part("static", stores.static_files, "run: python manage.py collectstatic --noinput"),
)


class Command(BaseCommand):
    """Reads and tries, and changes nothing; each part gets three seconds, all at the same time."""

    help = "Prints the effective settings, secrets masked, and tries every part; exits 1 when something is wrong."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take whether settings are wanted."""
        parser.add_argument("--no-settings", action="store_true", help="only try the parts")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print all of it.

        :raises SystemExit: with 1 when a part is not well.
        """
        if not options["no_settings"]:
            for name, value in shown_settings():
                self.stdout.write(f"{name:26} {value}")
            self.stdout.write("")
        findings = examine_all(PARTS)
        for finding in findings:
            self.stdout.write(line_of(finding))
        ailing = [finding.part for finding in findings if not finding.is_well]
        if ailing:
            self.stdout.write(f"\nNot well: {', '.join(ailing)}.")
            raise SystemExit(1)
        self.stdout.write("\nAll is well.")


def line_of(finding: Finding) -> str:
    """Return one line: whether the part is well, what it says, how to mend it."""
    if finding.is_well:
        return f"ok    {finding.part:10} {finding.says}"
    return f"WRONG {finding.part:10} {finding.says}. Mend: {finding.mend}"
