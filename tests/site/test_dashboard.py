"""The first page of the admin sums up what the lists behind it hold, for those who may see them."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from pytest_django import DjangoAssertNumQueries

from contacts.models import Contact
from legacy_import.models import ImportRun
from payments.models import Document
from tests.conftest import desk_of, make_user
from tests.contacts.conftest import make_contact
from tests.payments.conftest import make_payment
from titanobova.ids import first_at
from titanobova.site.dashboard import days
from titanobova.site.dashboard.parts import Part
from users.models import LoginAttempt, User

pytestmark = pytest.mark.django_db
TITLES = ["Contacts waiting", "Registrations", "Revenue", "Failed logins", "Imports"]


def parts(person: User) -> dict[str, Part]:
    return {part.title: part for part in desk_of(person).get("/admin/").context["dashboard"]}


def drawn(part: Part, chart: int = 0) -> dict[str, list[float]]:
    """Return the figures of a chart by their names."""
    return {one["label"]: one["data"] for one in json.loads(part.charts[chart].bars)["datasets"]}


def days_ago(number: int) -> datetime:
    return datetime.now(UTC).replace(hour=12, minute=0) - timedelta(days=number)


def issue(number: int, gross: str, kind: str = "receipt", **fields: Any) -> Document:
    payment = make_payment(User.objects.get(email="staff@example.com"))
    day = days_ago(fields.pop("ago", 0))
    return Document.objects.create(
        payment=payment, kind=kind, year=2026, number=number, gross=Decimal(gross), tax=0, tax_rate=0,
        subject="A course", seller_name="titanobova", issued_at=day, id=first_at(day),
        **{"currency": "usd", **fields},
    )  # fmt: skip


def test_it_says_how_many_messages_wait_and_since_when(staff: User) -> None:
    old = days_ago(3)
    make_contact(id=first_at(old), created_at=old)
    for status, is_spam in (("new", False), ("read", False), ("closed", False), ("new", True)):
        make_contact(status=status, is_spam=is_spam)

    part = parts(staff)["Contacts waiting"]

    assert part.says == [
        "2 new and 1 read wait for an answer.",
        f"The oldest new one came on {old:%d %B %Y}.",
    ]
    figures = drawn(part)
    assert (figures["messages"][-1], figures["spam"][-1], figures["messages"][-4]) == (3, 1, 1)
    assert sum(figures["messages"]) + sum(figures["spam"]) == Contact.objects.count()


def test_accounts_stand_on_the_day_on_which_they_were_made(staff: User) -> None:
    for number, ago in enumerate((1, 1, 29, 30)):
        make_user(f"{number}@example.com", id=first_at(days_ago(ago) + timedelta(seconds=number)))

    part = parts(staff)["Registrations"]

    made = drawn(part)["accounts"]
    assert (made[0], made[-2], made[-1], len(made)) == (1, 2, 1, 30)  # the staff came today; the 30th day is not shown
    assert part.says == ["4 new accounts in the last 30 days."]


def test_revenue_is_what_came_less_what_went_back_for_each_currency(staff: User) -> None:
    receipt = issue(1, "100")
    issue(2, "49.90", ago=2)
    issue(3, "20", ago=40)
    issue(4, "5000", currency="jpy", ago=2)
    issue(1, "30.50", "credit_note", refers_to=receipt)
    issue(1, "10", "correction", refers_to=receipt)

    part = parts(staff)["Revenue"]

    assert part.says == ["129.40 USD in the last 30 days.", "5000 JPY in the last 30 days."]
    assert (drawn(part)["revenue"][-1], drawn(part)["revenue"][-3]) == (79.5, 49.9)
    assert drawn(part, 1)["revenue"][-3] == 5000


def test_a_login_that_waits_for_the_second_factor_has_not_failed(staff: User) -> None:
    for outcome in LoginAttempt.Outcome:
        LoginAttempt.objects.create(email="a@example.com", outcome=outcome)

    part = parts(staff)["Failed logins"]

    assert part.says == ["3 in the last 30 days."]
    assert drawn(part)["failed"][-1] == 3


def test_it_shows_the_last_imports_and_what_became_of_the_rows_of_the_latest(staff: User) -> None:
    table = {"table": "users", "created": 7, "updated": 0, "unchanged": 0, "merged": 1, "rejected": 2}
    for outcome, report in (("failed", {}), ("finished", {"tables": [table]})):
        ImportRun.objects.create(source="mysql://old.example/db", outcome=outcome, report=report)

    part = parts(staff)["Imports"]

    begun = [f"{run.started_at:%d %B %Y %H:%M}: {run.outcome}" for run in ImportRun.objects.order_by("-pk")]
    assert begun[0].endswith("finished")
    assert part.says == [f"{one}, mysql://old.example/db." for one in begun]
    assert drawn(part) == {"created": [7], "updated": [0], "unchanged": [0], "merged": [1], "rejected": [2]}


def test_an_empty_site_has_a_first_page_too(staff: User) -> None:
    shown = parts(staff)

    assert list(shown) == TITLES
    assert shown["Revenue"].says == ["Nothing in the last 30 days."]
    assert shown["Imports"].says == ["None yet."]


def test_whoever_may_not_see_a_list_is_not_told_its_figures(student: User) -> None:
    student.is_staff = True
    student.save()
    student.user_permissions.add(Permission.objects.get(codename="view_contact"))

    page = desk_of(student).get("/admin/")

    assert [part.title for part in page.context["dashboard"]] == ["Contacts waiting"]
    assert b"Revenue" not in page.content


def test_a_chart_reaches_the_page_as_the_theme_reads_it(staff: User) -> None:
    page = desk_of(staff).get("/admin/").content.decode()

    assert page.count('<canvas class="chart"') == 3  # no revenue and no import yet
    assert "&quot;label&quot;: &quot;accounts&quot;" in page
    assert 'href="/admin/users/loginattempt/"' in page


def test_a_flood_is_counted_up_to_a_bound(staff: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(days, "MOST_A_DAY", 2)
    for _ in range(5):
        LoginAttempt.objects.create(email="a@example.com", outcome="wrong")

    part = parts(staff)["Failed logins"]

    assert drawn(part)["failed"][-1] == 2
    assert part.says == ["2 or more in the last 30 days."]


@pytest.mark.parametrize("rows", [1, 12])
def test_the_page_costs_the_same_queries_however_much_there_is(
    staff: User, rows: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(1, rows + 1):
        make_contact()
        issue(number, "5")
        ImportRun.objects.create(source="x", outcome="finished", report={"tables": []})
    client = desk_of(staff)

    with django_assert_num_queries(13):
        client.get("/admin/")
