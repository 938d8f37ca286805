"""The parts of the first page: each sums up one list of the admin, in a few bounded queries."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.db.models import Sum
from django.db.models.functions import TruncDay
from django.urls import reverse

from contacts.models import Contact
from courses.money import price_text
from legacy_import.models import ImportRun
from payments.models import Document
from titanobova.bounded import MOST_COUNTED, count_up_to
from titanobova.site.dashboard.charts import BAD, DULL, GOOD, MAIN, SECOND, Chart, by_day, stacked
from titanobova.site.dashboard.days import SHOWN, counts_by_day, last_days, of_days, total_text
from users.models import LoginAttempt, User

MOST_RUNS = 5
MOST_CURRENCIES = 3  # with a chart; the sums of all are said
BECAME = {"created": GOOD, "updated": MAIN, "unchanged": DULL, "merged": SECOND, "rejected": BAD}
PERIOD = f"in the last {SHOWN} days"


@dataclass(frozen=True)
class Part:
    """What is said and drawn of one list; `href` leads to it."""

    title: str
    href: str
    says: Sequence[str]
    charts: Sequence[Chart] = field(default_factory=list)


def contacts_waiting() -> Part:
    """Messages that nobody has answered yet, and how many come."""
    days = last_days()
    unread = Contact.objects.filter(status=Contact.Status.NEW, is_spam=False)
    read = Contact.objects.filter(status=Contact.Status.READ, is_spam=False)
    oldest = unread.order_by("pk").values_list("created_at", flat=True).first()
    says = [f"{count_up_to(MOST_COUNTED, unread)} new and {count_up_to(MOST_COUNTED, read)} read wait for an answer."]
    if oldest is not None:
        says.append(f"The oldest new one came on {oldest:%d %B %Y}.")
    spam = counts_by_day(Contact.objects.filter(is_spam=True), days)
    came = counts_by_day(Contact.objects.all(), days)
    honest = [every - bad for every, bad in zip(came, spam, strict=True)]
    drawn = by_day(f"Messages a day {PERIOD}", days, messages=(MAIN, honest), spam=(DULL, spam))
    return Part("Contacts waiting", _list_of("contacts_contact"), says, [drawn])


def registrations() -> Part:
    """New accounts. Imported ones stand on the day on which the old site made them."""
    days = last_days()
    made = counts_by_day(User.objects.all(), days)
    drawn = by_day(f"New accounts a day {PERIOD}", days, accounts=(MAIN, made))
    return Part("Registrations", _list_of("users_user"), [f"{total_text(made)} new accounts {PERIOD}."], [drawn])


def revenue() -> Part:
    """What receipts and corrections say came in, less what credit notes say went back, for each currency."""
    days = last_days()
    earned = _earned(days)
    says = [f"{price_text(sum(sums.values(), Decimal()), one)} {one.upper()} {PERIOD}." for one, sums in earned.items()]
    charts = [
        by_day(
            f"{currency.upper()} a day, less what was given back",
            days,
            revenue=(GOOD, [float(sums[day]) for day in days]),
        )
        for currency, sums in list(earned.items())[:MOST_CURRENCIES]
    ]
    return Part("Revenue", _list_of("payments_document"), says or [f"Nothing {PERIOD}."], charts)


def failed_logins() -> Part:
    """Tries that did not get in: many more than usual are somebody who guesses."""
    days = last_days()
    failed = counts_by_day(LoginAttempt.objects.failed(), days)
    drawn = by_day(f"Failed logins a day {PERIOD}", days, failed=(BAD, failed))
    return Part("Failed logins", _list_of("users_loginattempt"), [f"{total_text(failed)} {PERIOD}."], [drawn])


def imports() -> Part:
    """The last runs of the import, and what became of the rows of the latest."""
    runs = list(ImportRun.objects.defer("report").order_by("-pk")[:MOST_RUNS])
    says = [f"{run.started_at:%d %B %Y %H:%M}: {run.outcome}, {run.source}." for run in runs]
    tables = runs[0].report.get("tables", []) if runs else []
    charts = []
    if tables:
        became = {name: (colour, [table[name] for table in tables]) for name, colour in BECAME.items()}
        charts = [stacked("Rows of the latest run", [table["table"] for table in tables], became)]
    return Part("Imports", _list_of("legacy_import_importrun"), says or ["None yet."], charts)


PARTS: Sequence[tuple[str, Callable[[], Part]]] = (
    ("contacts.view_contact", contacts_waiting),
    ("users.view_user", registrations),
    ("payments.view_document", revenue),
    ("users.view_loginattempt", failed_logins),
    ("legacy_import.view_importrun", imports),
)


def _earned(days: Sequence[date]) -> dict[str, dict[date, Decimal]]:
    """Sum up documents by currency, the one with most of them first, and day; one query."""
    issued = of_days(Document.objects.all(), days).order_by()
    sums = issued.annotate(day=TruncDay("issued_at")).values("currency", "day", "kind").annotate(gross=Sum("gross"))
    earned: dict[str, dict[date, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for one in sums:
        earned[one["currency"]][one["day"].date()] += Document(kind=one["kind"]).counts * one["gross"]
    return dict(sorted(earned.items(), key=lambda currency: -len(currency[1])))


def _list_of(model: str) -> str:
    return reverse(f"admin:{model}_changelist")
