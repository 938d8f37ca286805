"""Documents over HTTP: who gets them, as a page and as a PDF."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from audit.actor import Actor
from payments.document_pdf import draw_document
from payments.models import Document, Payment
from payments.personal_data import erase_payments
from tests.payments.conftest import deliver, intent_event, mails_to, make_payment, refund_event
from tests.shared.pdf_reading import characters_in, texts_in
from users.erased import erased_email
from users.models import User

pytestmark = pytest.mark.django_db
URL = "/api/v1/payments/"
Login = Callable[[User], APIClient]
SYSTEM = Actor.from_system("tests")


@pytest.fixture
def paid(payment: Payment, settings: Settings) -> Payment:
    """A payment of 99.99 usd of which 10.00 went back, with a tax of 20 percent in it."""
    settings.TAX_RATE = Decimal(20)
    settings.SELLER = {"name": "Titan School", "address": "1 High Street, Leeds", "tax_id": "GB123456789"}
    deliver(intent_event(payment))
    deliver(refund_event(payment, 1000))
    payment.refresh_from_db()
    return payment


def test_the_buyer_reads_and_files_every_document_that_the_payment_lists(
    api: Login, student: User, paid: Payment
) -> None:
    client = api(student)

    receipt, note = client.get(f"{URL}{paid.pk}/").json()["documents"]

    assert (receipt["kind"], receipt["gross"], receipt["tax"], receipt["net"]) == ("receipt", "99.99", "16.67", "83.32")
    assert (note["kind"], note["refers_to"], note["gross"]) == ("credit_note", receipt["number"], "10.00")
    for document in (receipt, note):
        page, file = client.get(document["page_url"]), client.get(document["pdf_url"])
        assert (page.status_code, page["Content-Type"]) == (200, "text/html; charset=utf-8")
        assert document["number"] in page.content.decode()
        assert (file.status_code, file["Content-Type"]) == (200, "application/pdf")
        assert file["Content-Disposition"] == f'inline; filename="{document["number"]}.pdf"'
        assert {page["Cache-Control"], file["Cache-Control"]} == {"private, no-store"}


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_the_receipt_has_an_address_of_its_own_in_either_version(
    api: Login, student: User, paid: Payment, version: str
) -> None:
    client, start = api(student), f"/api/{version}/payments/{paid.pk}/"

    assert client.get(f"{start}receipt/").status_code == client.get(f"{start}receipt.pdf").status_code == 200
    assert f"/api/{version}/" in client.get(start).json()["documents"][0]["pdf_url"]


def test_staff_get_them_too_and_nobody_else(
    api: Login, anonymous: APIClient, staff: User, other_student: User, paid: Payment
) -> None:
    document = Document.objects.filter(payment=paid).first()
    assert document is not None
    paths = [f"{URL}{paid.pk}/receipt/", f"{URL}{paid.pk}/receipt.pdf"]
    paths += [f"{URL}documents/{document.pk}/", f"{URL}documents/{document.pk}.pdf"]

    for client, status in ((api(staff), 200), (api(other_student), 404), (anonymous, 401)):
        assert [client.get(path).status_code for path in paths] == [status] * 4


def test_before_the_money_there_is_no_receipt(api: Login, student: User) -> None:
    answer = api(student).get(f"{URL}{make_payment(student).pk}/receipt/")

    assert (answer.status_code, answer.json()["code"]) == (404, "no_receipt")


def test_whoever_accepts_only_a_pdf_gets_one(api: Login, student: User, paid: Payment) -> None:
    assert api(student).get(f"{URL}{paid.pk}/receipt.pdf", HTTP_ACCEPT="application/pdf").status_code == 200


def test_the_page_shows_what_people_typed_as_text_and_loads_nothing(api: Login, student: User, webhook: None) -> None:
    student.first_name = "<b>Ada</b>"
    student.save()
    payment = make_payment(student, description="<script>alert(1)</script>")
    deliver(intent_event(payment))

    page = api(student).get(f"{URL}{payment.pk}/receipt/")

    text = page.content.decode()
    assert "&lt;script&gt;alert(1)" in text
    assert "&lt;b&gt;Ada" in text
    assert "<script" not in text
    assert "default-src 'none'" in page["Content-Security-Policy"]


def test_the_pdf_says_all_that_the_row_says(paid: Payment) -> None:
    receipt, note = paid.documents.all()

    text = texts_in(draw_document(receipt))
    for part in (receipt.number_text, "Titan School", "GB123456789", "Ada Student", "Django", "99.99 USD", "16.67 USD"):
        assert part in text
    assert f"Of receipt {receipt.number_text} this amount went back to you." in texts_in(draw_document(note))


def test_the_pdf_is_the_same_bytes_each_time_whatever_became_of_buyer_and_settings(
    paid: Payment, settings: Settings
) -> None:
    document = paid.documents.select_related("refers_to")
    before = [draw_document(one) for one in document]
    settings.SELLER = {"name": "Another", "address": "", "tax_id": ""}
    User.objects.update(first_name="Other", last_name="Name")

    assert [draw_document(one) for one in document] == before


@pytest.mark.parametrize("name", ["张伟", "Ægir Þórsson", "محمد", "W" * 300])
def test_the_pdf_takes_every_name(student: User, webhook: None, name: str) -> None:
    student.first_name, student.last_name = name[:150], name[150:]
    student.save()
    deliver(intent_event(make_payment(student, description=name)))

    file = draw_document(Document.objects.get())

    assert file.startswith(b"%PDF")
    assert len(characters_in(file)) > 20


def test_the_export_has_them(api: Login, student: User, paid: Payment) -> None:
    known = api(student).get("/api/v1/users/export/").json()["documents"]

    assert [(row["kind"], row["gross"], row["buyer_name"]) for row in known] == [
        ("receipt", "99.99", "Ada Student"),
        ("credit_note", "10.00", "Ada Student"),
    ]


def test_erasing_the_buyer_leaves_them_as_they_were_and_later_ones_name_nobody(student: User, paid: Payment) -> None:
    before = list(Document.objects.values())
    erase_payments(student, by=SYSTEM)
    User.objects.filter(pk=student.pk).update(email=erased_email(student.pk), first_name="", last_name="")
    mailed = mails_to(erased_email(student.pk))

    deliver(refund_event(paid, 2000))

    assert list(Document.objects.values())[: len(before)] == before
    assert Document.objects.last().buyer_name == ""  # type: ignore[union-attr]  # there is one
    assert mails_to(erased_email(student.pk)) == mailed == []
