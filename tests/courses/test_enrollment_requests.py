"""A visitor without an account asks for a place (contract 4.5)."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings
from rest_framework.test import APIClient
from time_machine import travel

from audit.actor import Actor
from audit.models import AuditLog
from courses.models import Course, Enrollment, EnrollmentRequest
from courses.request_views import EnrollmentRequestFilter
from tests.conftest import PASSWORD, client_of, make_user
from tests.courses.conftest import make_course
from tests.shared.plans import begins_at_an_id
from titanobova.ids import first_at
from users.models import User
from users.services.privacy import erase_account

URL = "/api/v1/courses/enrollment-requests/"
FORM = {
    "first_name": "Võ",
    "last_name": "O'Brien",
    "email": "Vo.OBrien@Example.com",
    "phone": "+91 90000 00000",
    "experience": "two years\nof painting",
}
pytestmark = pytest.mark.django_db


def test_a_visitor_asks_for_a_course_by_its_slug(anonymous: APIClient, priced: Course) -> None:
    answer = anonymous.post(URL, FORM | {"course": "priced"})

    assert answer.status_code == 201
    stored = EnrollmentRequest.objects.get()
    assert answer.json().items() >= (FORM | {"id": str(stored.pk), "course_title": priced.title}).items()
    assert answer.json()["course"]["slug"] == "priced"
    assert (stored.course, stored.price, stored.currency) == (priced, Decimal("49.90"), "usd")
    assert stored.email_canonical == "vo.obrien@example.com"
    assert AuditLog.objects.get(details__event="courses.place_requested").resource_id == str(stored.pk)


def test_a_visitor_asks_for_a_course_by_its_id(anonymous: APIClient, priced: Course) -> None:
    assert anonymous.post(URL, FORM | {"course": str(priced.pk)}).status_code == 201
    assert EnrollmentRequest.objects.get().course == priced


def test_a_visitor_asks_for_something_that_is_no_course_yet(anonymous: APIClient) -> None:
    answer = anonymous.post(URL, FORM | {"course_title": "Basket weaving"})

    assert (answer.status_code, answer.json()["course"]) == (201, None)
    stored = EnrollmentRequest.objects.get()
    assert (stored.course_title, stored.price, stored.is_paid) == ("Basket weaving", None, False)


def test_what_a_form_sends_as_null_counts_as_left_out(anonymous: APIClient) -> None:
    nothing = dict.fromkeys(["last_name", "phone", "experience", "course", "level", "notes", "price", "currency"])
    least = {"first_name": "Bjørn", "email": "b@example.com", "course_title": "Painting"}

    answer = anonymous.post(URL, least | nothing)

    assert (answer.status_code, answer.json()["phone"], answer.json()["last_name"]) == (201, "", "")


@pytest.mark.parametrize("nothing", [{}, {"course": None}, {"course": "", "course_title": ""}])
def test_a_request_without_a_course_is_refused(anonymous: APIClient, nothing: dict[str, object]) -> None:
    answer = anonymous.post(URL, FORM | nothing)

    assert (answer.status_code, answer.json()["errors"]["course"][0]["code"]) == (400, "required")


@pytest.mark.parametrize("name", ["is_paid", "is_open"])
def test_a_filter_that_is_neither_true_nor_false_is_refused(
    api: Callable[[User], APIClient], staff: User, name: str
) -> None:
    client = api(staff)

    assert client.get(URL, {name: "maybe"}).json()["errors"][name][0]["code"] == "invalid"
    assert [client.get(URL, {name: word}).status_code for word in ("true", "False", "")] == [200, 200, 200]


def test_the_name_and_the_email_are_enough(anonymous: APIClient) -> None:
    least = {"first_name": "Bjørn", "email": "b@example.com", "course_title": "Painting"}

    assert anonymous.post(URL, least).status_code == 201


def test_a_bad_token_does_not_keep_a_request_from_arriving(anonymous: APIClient) -> None:
    anonymous.credentials(HTTP_AUTHORIZATION="Bearer null")

    assert anonymous.post(URL, FORM | {"course_title": "Painting"}).status_code == 201


def test_a_line_break_in_a_name_becomes_a_space(anonymous: APIClient) -> None:
    anonymous.post(URL, FORM | {"first_name": "A\r\nBcc: b@example.com", "course_title": "Painting\u2028now"})

    stored = EnrollmentRequest.objects.get()
    assert (stored.first_name, stored.course_title) == ("A Bcc: b@example.com", "Painting now")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"course": None, "course_title": None}, "course"),
        ({"course": "never-was"}, "course"),
        ({"course": "draft"}, "course"),
        ({"course": "00000000-0000-0000-0000-000000000000"}, "course"),
        ({"course": "x" * 121}, "course"),
        ({"course": ["priced"]}, "course"),
        ({"course_title": ""}, "course"),
        ({"course_title": "x" * 256}, "course_title"),
        ({"first_name": None}, "first_name"),
        ({"first_name": "  "}, "first_name"),
        ({"first_name": True}, "first_name"),
        ({"last_name": {"a": 1}}, "last_name"),
        ({"email": "no address"}, "email"),
        ({"email": "a@example.com\nBcc: b@example.com"}, "email"),
        ({"email": "a" * 250 + "@example.com"}, "email"),
        ({"phone": "0" * 51}, "phone"),
        ({"experience": "x" * 2001}, "experience"),
        ({"notes": "x" * 2001}, "notes"),
        ({"level": "x" * 51}, "level"),
        ({"price": "-1"}, "price"),
        ({"price": "1e3"}, "price"),
        ({"price": True}, "price"),
        ({"currency": "euro"}, "currency"),
        ({"paid_at": "yesterday"}, "paid_at"),
        ({"paid_at": "2999-01-01T00:00:00Z"}, "paid_at"),
        ({"is_paid": True}, "is_paid"),
        ({"enrollment": "x"}, "enrollment"),
    ],
)
def test_a_bad_field_is_a_400_that_names_it(
    anonymous: APIClient, priced: Course, change: dict[str, Any], field: str
) -> None:
    Course.objects.create(title="Draft", slug="draft")
    form = {name: new for name, new in (FORM | {"course_title": "Painting"} | change).items() if new is not None}

    answer = anonymous.post(URL, form)

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert set(answer.json()["errors"]) == {field}
    assert all(set(error) == {"message", "code"} for error in answer.json()["errors"][field])
    assert not EnrollmentRequest.objects.exists()


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"null", b'"text"', b"{", b'{"first_name": "a\\u0000b"}', b'{"first_name": "\xff"}', b"{" * 999],
)
def test_a_body_that_is_no_form_is_a_400(anonymous: APIClient, body: bytes) -> None:
    answer = anonymous.post(URL, body, content_type="application/json")

    assert answer.status_code == 400
    assert set(answer.json()) >= {"detail", "code"}


OLD_FORM = {"price": "1.00", "currency": "eur", "paid_at": "2024-01-01T00:00:00Z"}


@pytest.mark.parametrize("asked", [{"course": "priced"}, {"course_title": "Painting"}])
def test_what_a_visitor_says_of_price_and_payment_is_taken_and_not_believed(
    anonymous: APIClient, priced: Course, asked: dict[str, str]
) -> None:
    answer = anonymous.post(URL, FORM | OLD_FORM | asked)

    assert answer.status_code == 201
    assert not {"price", "currency", "paid_at", "is_paid"} & set(answer.json())
    stored = EnrollmentRequest.objects.get()
    expected = (Decimal("49.90"), "usd") if "course" in asked else (None, "")
    assert (stored.price, stored.currency, stored.is_paid, stored.paid_at) == (*expected, False, None)


def test_what_a_person_without_rights_says_is_not_believed_either(
    api: Callable[[User], APIClient], student: User, instructor: User
) -> None:
    for person in (student, instructor):
        api(person).post(URL, FORM | OLD_FORM | {"course_title": person.first_name})

    assert not EnrollmentRequest.objects.exclude(price=None, is_paid=False).exists()


def test_what_staff_say_of_price_and_payment_counts(
    api: Callable[[User], APIClient], staff: User, priced: Course
) -> None:
    answer = api(staff).post(URL, FORM | OLD_FORM | {"course": "priced"})

    assert answer.status_code == 201
    stored = EnrollmentRequest.objects.get()
    assert (stored.price, stored.currency, stored.is_paid) == (Decimal("1.00"), "eur", True)
    assert stored.paid_at == datetime(2024, 1, 1, tzinfo=UTC)


def test_a_price_that_its_currency_cannot_express_is_refused(api: Callable[[User], APIClient], staff: User) -> None:
    answer = api(staff).post(URL, FORM | {"course_title": "Painting", "price": "1.5", "currency": "jpy"})

    assert (answer.status_code, set(answer.json()["errors"])) == (400, {"price"})


# --- Once -------------------------------------------------------------------------------------------------------
def test_the_same_words_within_ten_minutes_are_one_request(anonymous: APIClient) -> None:
    with travel(datetime(2026, 5, 1, 12, tzinfo=UTC), tick=False) as clock:
        first = anonymous.post(URL, FORM | {"course_title": "Painting"})
        clock.shift(599)
        second = anonymous.post(URL, FORM | {"course_title": "Painting"})
        clock.shift(2)
        third = anonymous.post(URL, FORM | {"course_title": "Painting"})

    assert [answer.status_code for answer in (first, second, third)] == [201] * 3
    assert first.json() == second.json()
    assert third.json()["id"] != first.json()["id"]
    assert EnrollmentRequest.objects.count() == 2
    assert AuditLog.objects.filter(details__event="courses.place_requested").count() == 2


@pytest.mark.parametrize("change", [{"phone": "1"}, {"course_title": "Drawing"}, {"email": "other@example.com"}])
def test_other_words_are_another_request(anonymous: APIClient, change: dict[str, str]) -> None:
    for words in ({}, change):
        anonymous.post(URL, FORM | {"course_title": "Painting"} | words)

    assert EnrollmentRequest.objects.count() == 2


def test_an_idempotency_key_stands_for_the_first_request(anonymous: APIClient) -> None:
    named = {"Idempotency-Key": "form-1"}
    form = FORM | {"course_title": "Painting"}
    first, again = (anonymous.post(URL, form, headers=named) for _ in range(2))
    other = anonymous.post(URL, form | {"phone": "1"}, headers=named)
    bad = anonymous.post(URL, form, headers={"Idempotency-Key": "a b"})

    assert (again.status_code, again.json()) == (201, first.json())
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert (bad.status_code, bad.json()["code"]) == (400, "bad_idempotency_key")
    assert EnrollmentRequest.objects.count() == 1


def test_a_key_that_comes_with_words_that_are_known_stands_for_what_they_made(anonymous: APIClient) -> None:
    form = FORM | {"course_title": "Painting"}
    with travel(datetime(2026, 5, 1, 12, tzinfo=UTC), tick=False) as clock:
        first = anonymous.post(URL, form).json()
        named = [anonymous.post(URL, form, headers={"Idempotency-Key": "late"}).json()]
        clock.shift(3600)
        named.append(anonymous.post(URL, form, headers={"Idempotency-Key": "late"}).json())

    assert named == [first, first]


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "attempt-1"}])
def test_who_repeats_a_request_that_was_erased_asks_anew(
    anonymous: APIClient, actor: Actor, headers: dict[str, str]
) -> None:
    wish = FORM | {"course_title": "Watercolours"}
    person = make_user(FORM["email"], email_verified=True)
    assert anonymous.post(URL, wish, headers=headers).status_code == 201
    erase_account(person, password=PASSWORD, by=actor.as_user(person))

    second, third = (anonymous.post(URL, wish, headers=headers).json() for _ in range(2))

    assert second == third
    assert EnrollmentRequest.objects.filter(first_name=FORM["first_name"]).count() == 1


def test_a_request_that_is_refused_leaves_its_key_free(anonymous: APIClient, priced: Course) -> None:
    named = {"Idempotency-Key": "form-1"}
    anonymous.post(URL, FORM | {"course": "never-was"}, headers=named)

    assert anonymous.post(URL, FORM | {"course": "priced"}, headers=named).status_code == 201


def test_asking_costs_few_queries(
    anonymous: APIClient, priced: Course, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(13):
        assert anonymous.post(URL, FORM | {"course": "priced"}, headers={"Idempotency-Key": "x"}).status_code == 201


# --- Staff ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("is_paid=true", "b"),
        ("is_paid=false", "dca"),
        ("is_open=false", "c"),
        ("is_open=true", "dba"),
        ("email=PERSON-A", "a"),
        ("email=example.com", "dcba"),
        ("email=nobody", ""),
        ("since=2026-02-01T00:00:00Z", "dcb"),
        ("until=2026-02-01T00:00:00Z", "a"),
        ("course={course}", "dc"),
        ("course={course}&is_open=true", "d"),
    ],
)
def test_staff_filter_requests(staff: User, student: User, priced: Course, query: str, found: str) -> None:
    led_to = Enrollment.objects.create(user=student, course=priced)
    rows: dict[str, dict[str, Any]] = {
        "a": {},
        "b": {"is_paid": True},
        "c": {"course": priced, "enrollment": led_to},
        "d": {"course": priced},
    }
    for month, (name, fields) in enumerate(rows.items(), start=1):
        made_at = datetime(2026, month, 15, tzinfo=UTC)
        EnrollmentRequest.objects.create(
            id=first_at(made_at),
            first_name=name,
            email=f"person-{name}@example.com",
            course_title="x",
            created_at=made_at,
            **fields,
        )

    answer = client_of(staff).get(f"{URL}?{query.format(course=priced.pk)}")

    assert "".join(row["first_name"] for row in answer.json()["results"]) == found


def test_old_requests_are_found_without_walking_through_all_newer_ones(db: None) -> None:
    asked = EnrollmentRequestFilter({"until": "2026-02-01T00:00:00Z"}, queryset=EnrollmentRequest.objects.all())

    assert begins_at_an_id(asked.qs[:26])


@pytest.mark.parametrize("query", ["course=x", "since=yesterday", "email=" + "x" * 255, "course=%00"])
def test_a_filter_that_makes_no_sense_is_a_400(api: Callable[[User], APIClient], staff: User, query: str) -> None:
    assert api(staff).get(f"{URL}?{query}").status_code == 400


def test_requests_are_limited_together_with_the_contact_form(anonymous: APIClient, settings: Settings) -> None:
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"contact": (2, 3600)}
    answers = [anonymous.post(URL, FORM | {"course_title": "Painting"}).status_code for _ in range(3)]  # even the same

    assert answers == [201, 201, 429]


def test_staff_see_every_request_newest_first(
    api: Callable[[User], APIClient],
    staff: User,
    priced: Course,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(5):
        EnrollmentRequest.objects.create(first_name=str(number), email="a@example.com", course=priced)
    client = api(staff)

    with django_assert_num_queries(2):  # who asks, and the page
        answer = client.get(URL)

    assert [row["first_name"] for row in answer.json()["results"]] == list("43210")
    assert {"price", "currency", "is_paid", "paid_at", "email"} <= set(answer.json()["results"][0])


def test_nobody_else_sees_a_request(
    api: Callable[[User], APIClient], student: User, instructor: User, anonymous: APIClient
) -> None:
    assert anonymous.get(URL).status_code == 401
    for person in (student, instructor):
        answer = api(person).get(URL)
        assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")


def test_reading_with_a_bad_token_is_a_401(anonymous: APIClient) -> None:
    anonymous.credentials(HTTP_AUTHORIZATION="Bearer null")

    assert anonymous.get(URL).status_code == 401


def test_the_database_keeps_a_payment_date_for_paid_requests_alone() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        EnrollmentRequest.objects.create(first_name="A", email="a@example.com", paid_at=timezone.now())
    EnrollmentRequest.objects.create(first_name="A", email="a@example.com", paid_at=timezone.now(), is_paid=True)


@pytest.mark.parametrize("is_paid", [True, False])
def test_what_staff_record_for_a_proved_address_is_that_persons_at_once(
    api: Callable[[User], APIClient], staff: User, student: User, is_paid: bool
) -> None:
    User.objects.filter(pk=student.pk).update(email_verified=True)
    course = make_course(slug="sold", price=0 if not is_paid else 10)
    form = {"first_name": "Ada", "email": student.email, "course": "sold"}

    answer = api(staff).post(URL, form | ({"paid_at": "2024-01-01T00:00:00Z"} if is_paid else {}))

    assert answer.status_code == 201
    enrollment = Enrollment.objects.get(user=student, course=course)
    assert enrollment.status == "active"
    assert EnrollmentRequest.objects.get().enrollment == enrollment


def test_who_has_proved_their_address_has_the_place_they_ask_for_at_once(
    api: Callable[[User], APIClient], anonymous: APIClient, student: User
) -> None:
    make_course(slug="free")
    form = {"first_name": "Ada", "email": student.email, "course": "free"}
    anonymous.post(URL, form)
    api(student).post(URL, form | {"first_name": "Ad"})
    assert not Enrollment.objects.exists()  # the address is not proved yet

    User.objects.filter(pk=student.pk).update(email_verified=True)
    anonymous.post(URL, form | {"first_name": "A"})
    assert not Enrollment.objects.exists()  # whoever that was

    api(student).post(URL, form | {"first_name": "Ada L"})
    assert Enrollment.objects.get().user == student
