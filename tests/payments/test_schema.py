"""The OpenAPI document says what buyers and staff are answered: clients are generated from it."""

from collections.abc import Callable
from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator
from rest_framework.test import APIClient

from payments.models import Payment
from tests.payments.conftest import deliver, dispute_event, intent_event, refund_event
from users.models import User

pytestmark = pytest.mark.django_db
Login = Callable[[User], APIClient]
Json = dict[str, Any]
URL = "/api/v1/payments/"
OF_STAFF = {"amount_disputed", "intent_id", "is_flagged", "flag_reason"}


@pytest.fixture
def document(anonymous: APIClient) -> Json:
    """The OpenAPI document."""
    answer: Json = anonymous.get("/api/v1/schema/", headers={"Accept": "application/vnd.oai.openapi+json"}).json()
    return answer


@pytest.fixture
def paid(payment: Payment) -> Payment:
    """A payment to which all happened that is told of one."""
    for told in (intent_event(payment), refund_event(payment, 1000), dispute_event(payment, 500)):
        deliver(told)
    return payment


def misfits(document: Json, schema: Json, answer: object) -> list[str]:
    """Return in what an answer is not what the document says."""
    within = {**schema, "components": document["components"]}
    return [error.message for error in OAS31Validator(within).iter_errors(answer)]


def promised(document: Json, path: str) -> Json:
    """Return the schema of the answer to a GET."""
    answers: Json = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    return answers


def shape(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def test_one_payment_is_what_the_document_says(
    api: Login, student: User, staff: User, document: Json, paid: Payment
) -> None:
    for reader, own in ((student, "OwnPaymentDetail"), (staff, "PaymentDetail")):
        answer = api(reader).get(f"{URL}{paid.pk}/").json()

        assert misfits(document, promised(document, f"{URL}{{id}}/"), answer) == []
        assert misfits(document, shape(own), answer) == []
        assert set(document["components"]["schemas"][own]["properties"]) == set(answer)


def test_the_list_is_what_the_document_says(
    api: Login, student: User, staff: User, document: Json, paid: Payment
) -> None:
    for reader, own in ((student, "PaymentOutput"), (staff, "StaffPaymentOutput")):
        answer = api(reader).get(URL).json()

        assert misfits(document, promised(document, URL), answer) == []
        [row] = answer["results"]
        assert misfits(document, shape(own), row) == []
        assert set(document["components"]["schemas"][own]["properties"]) == set(row)


def test_the_document_promises_buyers_nothing_that_staff_alone_are_told(
    api: Login, student: User, document: Json, paid: Payment
) -> None:
    answer = api(student).get(f"{URL}{paid.pk}/").json()

    assert not OF_STAFF.intersection(answer)
    assert misfits(document, shape("PaymentDetail"), answer) != []
