"""Payments in the admin: the whole story of one, and giving money back."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from audit.models import AuditLog
from courses.models import Course
from examples.stripe_sandbox import StripeSandbox
from payments.models import Document, Payment, Refund
from tests.conftest import PASSWORD, desk_of, make_user
from tests.payments.conftest import deliver, dispute_event, intent_event, payment_for_a_place, refund_event
from users.models import User

LIST = "/admin/payments/payment/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(staff: User) -> Client:
    """The browser of somebody of the staff who may do everything."""
    return desk_of(staff)


@pytest.fixture
def told(payment: Payment) -> Payment:
    """A payment of which much was told."""
    deliver(intent_event(payment))
    payment.refresh_from_db()
    deliver(refund_event(payment, 1000, id="re_first"))
    deliver(dispute_event(payment, 8999, "needs_response", id="dp_first"))
    return payment


@pytest.fixture
def paid(student: User, course: Course, sandbox: StripeSandbox) -> Payment:
    """A payment of 99.99 usd that arrived at the sandbox and here."""
    payment = payment_for_a_place(student, course)
    given = {"amount": "9999", "currency": "usd", "description": "x", "metadata": payment.metadata}
    intent = sandbox.intents.create(given, {})
    Payment.objects.update(intent_id=intent["id"])
    sandbox.pay(intent["id"])
    deliver(sandbox.events[-1])
    payment.refresh_from_db()
    return payment


def page_of(browser: Client, payment: Payment) -> str:
    answer = browser.get(f"{LIST}{payment.pk}/change/")
    assert answer.status_code == 200
    return str(answer.content.decode())


def ask(browser: Client, payment: Payment, **form: str) -> Any:
    return browser.post(f"{LIST}{payment.pk}/refund/", {"password": PASSWORD, **form})


# --- The story --------------------------------------------------------------------------------------------------
def test_the_page_tells_all_that_became_of_a_payment(browser: Client, told: Payment, student: User) -> None:
    page = page_of(browser, told)

    assert told.enrollment is not None
    facts = ["captured", "refunded", "dispute_opened"]
    documents = [document.number_text for document in told.documents.all()]
    events = ["payment_intent.succeeded", "refund.updated", "charge.dispute.created"]
    mails = ["We received your payment", "Your money is on its way back", f"A payment is disputed: {told.pk}"]
    for part in [*facts, *documents, *events, *mails, "re_first", "dp_first", "this payment", student.email]:
        assert part in page, part


def test_it_costs_the_same_however_much_became_of_it(
    browser: Client, told: Payment, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    queries = 13  # the session, who looks, the payment twice, its buyer and enrolment, and one for each table
    with django_assert_num_queries(queries):
        page_of(browser, told)
    for number in range(5):
        deliver(refund_event(told, 100, id=f"re_{number}"))

    with django_assert_num_queries(queries):
        page_of(browser, told)


def test_nothing_of_another_payment_is_in_it(browser: Client, told: Payment, course: Course) -> None:
    other = payment_for_a_place(make_user("stranger@example.com"), course)
    deliver(intent_event(other))

    page = page_of(browser, told)

    for part in ("stranger@example.com", str(other.pk), other.intent_id, other.documents.get().number_text):
        assert part not in page


def test_what_people_typed_is_shown_as_text(browser: Client, told: Payment) -> None:
    Refund.objects.update(reason="<script>alert(1)</script>")

    assert "<script>alert(1)" not in page_of(browser, told)


def test_a_payment_that_is_not_there_has_no_page(browser: Client, payment: Payment) -> None:
    unknown = payment.pk.__class__(int=1)

    assert browser.get(f"{LIST}{unknown}/change/").status_code == 302
    assert browser.get(f"{LIST}{unknown}/refund/").status_code == 302


def test_nobody_edits_or_deletes_one(browser: Client, told: Payment) -> None:
    assert browser.post(f"{LIST}{told.pk}/change/", {"amount": "1"}).status_code == 403
    assert browser.post(f"{LIST}{told.pk}/delete/", {"post": "yes"}).status_code == 403


# --- Refunds ----------------------------------------------------------------------------------------------------
def test_staff_give_money_back_with_their_password(browser: Client, staff: User, paid: Payment) -> None:
    assert b"99.99 USD" in browser.get(f"{LIST}{paid.pk}/refund/").content

    answer = ask(browser, paid, amount="10.00", reason="One day less")

    assert (answer.status_code, answer["Location"]) == (302, f"{LIST}{paid.pk}/change/")
    refund = Refund.objects.get()
    assert (refund.amount_text, refund.reason, refund.requested_by, refund.status) == (
        "10.00",
        "One day less",
        staff,
        "succeeded",
    )
    row = AuditLog.objects.get(details__event="payments.refund.requested")
    assert (row.user, row.resource_id) == (staff, str(refund.pk))


def test_a_second_click_gives_nothing_more_back_and_other_words_do(browser: Client, paid: Payment) -> None:
    name = str(browser.get(f"{LIST}{paid.pk}/refund/").context["form"]["attempt"].value())

    for amount in ("10.00", "10.00", "20.00"):
        assert ask(browser, paid, amount=amount, attempt=name).status_code == 302

    assert sorted(refund.amount_text for refund in Refund.objects.all()) == ["10.00", "20.00"]


def test_without_an_amount_all_that_is_left_goes_back(browser: Client, paid: Payment) -> None:
    ask(browser, paid, amount="10.00")
    ask(browser, paid)

    paid.refresh_from_db()
    assert (paid.status, paid.amount_refunded_text) == ("refunded", "99.99")


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"password": "wrong-horse-9"}, "Send your password with this request"),
        ({"password": ""}, "This field is required"),
        ({"amount": "1e2"}, "An amount has up to 8 digits"),
        ({"amount": "0"}, "An amount is more than nothing"),
        ({"amount": "10.001"}, "USD is charged in steps of 0.01"),
        ({"amount": "100.00"}, "There is less left"),
        ({"reason": "x" * 201}, "at most 200 characters"),
    ],
)
def test_what_cannot_be_is_said_beside_the_form_and_moves_nothing(
    browser: Client, paid: Payment, form: dict[str, str], said: str
) -> None:
    answer = ask(browser, paid, **form)

    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert PASSWORD not in answer.content.decode()
    assert not Refund.objects.exists()


def test_who_may_only_look_gives_nothing_back(paid: Payment) -> None:
    looker = make_user("looker@example.com", is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_payment"))
    browser = desk_of(looker)

    assert "/refund/" not in page_of(browser, paid)
    assert ask(browser, paid).status_code == 403
    assert not Refund.objects.exists()


def test_who_may_not_look_sees_no_story(told: Payment) -> None:
    browser = desk_of(make_user("nobody@example.com", is_staff=True))

    answer = browser.get(f"{LIST}{told.pk}/change/")

    assert answer.status_code == 403
    assert b"re_first" not in answer.content


# --- Documents --------------------------------------------------------------------------------------------------
def test_a_document_is_found_by_its_number_and_by_its_buyer(browser: Client, told: Payment) -> None:
    receipt = Document.objects.get(kind="receipt")

    for words, found in ((receipt.number_text.lower(), 1), ("student@example.com", 2), ("R-1999-000001", 0)):
        answer = browser.get("/admin/payments/document/", {"q": words})
        assert len(answer.context["cl"].result_list) == found, words


def test_who_keeps_the_books_takes_all_documents_along(browser: Client, told: Payment) -> None:
    chosen = {"action": "export_csv", "_selected_action": [str(document.pk) for document in Document.objects.all()]}

    answer = browser.post("/admin/payments/document/", chosen)

    heading, *lines = b"".join(answer.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert heading.startswith("id,kind,year,number")
    assert sorted(line.split(",")[1] for line in lines) == ["credit_note", "receipt"]
    assert AuditLog.objects.filter(details__event="admin.exported").exists()


def test_staff_open_a_document_as_pdf(browser: Client, told: Payment) -> None:
    receipt = Document.objects.get(kind="receipt")

    answer = browser.get(f"/admin/payments/document/{receipt.pk}/pdf/")

    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert f"/admin/payments/document/{receipt.pk}/change/" in page_of(browser, told)
