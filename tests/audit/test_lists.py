"""Lists of the admin over tables of any size: what they offer, and what a search finds."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.messages import get_messages
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from audit.actor import Actor
from audit.lists import MOST_RELATED
from audit.services import record
from courses.models import Certificate, Enrollment, EnrollmentGrant, EnrollmentRequest
from tests.conftest import make_user
from tests.courses.conftest import make_course
from titanobova.models import OutgoingMail
from users.models import LoginAttempt, User
from users.services.sessions import open_session

pytestmark = pytest.mark.django_db

Search = Callable[[str, str], list[Any]]


@pytest.fixture
def search(desk: Client) -> Search:
    """Return the rows that a page of the admin lists for some words."""

    def found(page: str, words: str) -> list[Any]:
        answer = desk.get(f"/admin/{page}/", {"q": words})
        assert answer.status_code == 200
        return list(answer.context["cl"].result_list)

    return found


def test_a_list_goes_as_far_as_ten_thousand_rows_and_says_that_there_are_more(desk: Client) -> None:
    tries = [LoginAttempt(email="a@example.com", outcome="wrong") for _ in range(10_001)]
    LoginAttempt.objects.bulk_create(tries, batch_size=1000)

    last = desk.get("/admin/users/loginattempt/?p=400")

    assert len(last.context["cl"].result_list) == 25
    assert "10000+" in last.content.decode()
    assert desk.get("/admin/users/loginattempt/?p=401").status_code == 302  # to the list, with a word about it


def test_a_search_goes_as_far_as_five_hundred_rows_and_says_that_there_are_more(desk: Client) -> None:
    tries = [LoginAttempt(email="a@example.com", outcome="wrong") for _ in range(501)]
    LoginAttempt.objects.bulk_create(tries, batch_size=1000)

    found = desk.get("/admin/users/loginattempt/?q=a@example.com&p=20")

    assert len(found.context["cl"].result_list) == 25
    assert "500+" in found.content.decode()
    assert desk.get("/admin/users/loginattempt/").context["cl"].result_count == 501


def test_lists_are_ordered_only_by_what_an_index_serves(desk: Client) -> None:
    for name in ("b", "c", "a"):
        make_course(title=name, description=name)

    def titles(query: str) -> list[str]:
        answer = desk.get(f"/admin/courses/course/?{query}")
        return [course.title for course in answer.context["cl"].result_list]

    assert (titles("o=1"), titles("o=-1")) == (["a", "b", "c"], ["c", "b", "a"])
    assert titles("o=4") == titles("") == ["a", "c", "b"]  # by the price: as if nobody had asked


def test_no_list_counts_the_rows_of_each_choice(desk: Client) -> None:
    page = desk.get("/admin/users/user/?_facets=True")

    assert page.status_code == 200
    assert not page.context["cl"].add_facets
    assert "Show counts" not in page.content.decode()


def test_enrolments_are_found_by_who_takes_part_and_in_what(search: Search, student: User, other_student: User) -> None:
    painting, pottery = make_course(title="Oil painting"), make_course(title="Pottery")
    mine = Enrollment.objects.create(user=student, course=painting, status="active")
    theirs = Enrollment.objects.create(user=other_student, course=pottery, status="active")
    grant = EnrollmentGrant.objects.create(enrollment=mine, kind="manual", reference="order-7")

    found = {words: search("courses/enrollment", words) for words in ("student@example", "otto", "paint", "ring", "x")}
    grants = {words: search("courses/enrollmentgrant", words) for words in ("ada", "oil", "order-7", "order", "otto")}

    assert found == {"student@example": [mine], "otto": [theirs], "paint": [mine], "ring": [], "x": []}
    assert grants == {"ada": [grant], "oil": [grant], "order-7": [grant], "order": [], "otto": []}


def test_words_that_fit_too_many_people_ask_for_another_word(desk: Client) -> None:
    course = make_course()
    people = User.objects.bulk_create(
        User(email=f"{n}@example.com", email_canonical=f"{n}@example.com", last_name="Twin" if n else "Only")
        for n in range(MOST_RELATED + 2)
    )
    Enrollment.objects.bulk_create(Enrollment(user=person, course=course, status="active") for person in people)

    many, one = (desk.get("/admin/courses/enrollment/", {"q": words}) for words in ("twin", "only"))

    assert many.context["cl"].result_count == MOST_RELATED
    assert [str(message) for message in get_messages(many.wsgi_request)] == [
        "These words fit more than 200 users: add one."
    ]
    assert one.context["cl"].result_count == 1
    assert not list(get_messages(one.wsgi_request))


def test_the_log_is_found_by_whole_ids_and_addresses_and_by_people(search: Search, student: User) -> None:
    row = record("login", "x", by=Actor(user=student, ip_address="192.0.2.1"), on=student)
    record("login", "y", by=Actor(ip_address="2001:db8::1"))

    for words in (str(student.pk), " 192.0.2.1 ", "ada student", "STUDENT@example.com"):
        assert search("audit/auditlog", words) == [row]
    assert [log.details["event"] for log in search("audit/auditlog", "2001:DB8:0::1")] == ["y"]
    for words in (str(student.pk)[:8], "192.0.2", "nobody", "x" * 200):
        assert search("audit/auditlog", words) == []


def test_people_are_found_by_the_beginnings_of_their_names_and_addresses(search: Search, student: User) -> None:
    other = make_user("grace@example.org", first_name="Grace", last_name="Hopper")

    found = {words: search("users/user", words) for words in ("grace hop", "GRACE@example.org", "opper", "adalbert")}

    assert found == {"grace hop": [other], "GRACE@example.org": [other], "opper": [], "adalbert": []}


def test_sessions_tries_and_mails_are_found_by_the_address(search: Search, student: User, other_student: User) -> None:
    session = open_session(student, by=Actor())
    open_session(other_student, by=Actor())
    tried = LoginAttempt.objects.create(email=student.email_canonical, outcome="wrong", ip_address="192.0.2.9")
    mail = OutgoingMail.objects.create(recipient="Student@Example.com", subject="Hello", text="x")

    assert search("users/session", "ada") == [session]
    assert search("users/loginattempt", "STUDENT@example.com") == [tried]
    assert search("users/loginattempt", "192.0.2.9") == [tried]
    assert search("users/loginattempt", "student") == []
    assert search("titanobova/outgoingmail", "student@example.com") == [mail]
    assert search("titanobova/outgoingmail", "student") == []


def test_certificates_requests_and_lessons_are_found_by_their_words(search: Search, student: User) -> None:
    course = make_course(title="Oil painting")
    lesson = course.lessons.create(position=1, title="Brushes")
    mine = Enrollment.objects.create(user=student, course=course, status="completed")
    certificate = Certificate.objects.create(enrollment=mine, code="ABCD-EFGH", holder_name="Ada", course_title="Oil")
    wish = EnrollmentRequest.objects.create(first_name="Eve", email="eve@example.com", course_title="Sculpture")

    for words in ("abcd-efgh", "ada oil"):
        assert search("courses/certificate", words) == [certificate]
    for words in ("eve", "sculpt", "EVE@example.com"):
        assert search("courses/enrollmentrequest", words) == [wish]
    for words in ("brush", "painting"):
        assert search("courses/lesson", words) == [lesson]


def test_the_filter_by_category_offers_those_in_use(desk: Client) -> None:
    for category in ("web", "art", "web"):
        make_course(category=category)

    page = desk.get("/admin/courses/course/?category=web")

    assert [course.category for course in page.context["cl"].result_list] == ["web", "web"]
    (offered,) = [spec for spec in page.context["cl"].filter_specs if spec.title == "category"]
    assert [choice["display"] for choice in offered.choices(page.context["cl"])] == ["All", "art", "web"]


@pytest.mark.parametrize("words", ["a", "ada oil", "' OR 1=1 --", "%", "\x00", "\U0001f600", "x" * 5000, "1" * 40])
def test_whatever_is_searched_for_every_page_answers(desk: Client, student: User, words: str) -> None:
    for model, page in admin.site._registry.items():
        if page.search_fields:
            address = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
            assert desk.get(address, {"q": words}).status_code == 200, address


def test_a_search_through_others_costs_a_query_for_each_of_them(
    desk: Client, student: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(8):
        Enrollment.objects.create(user=student, course=make_course(title="Oil"), status="active")

    # The session, who asks, the people, the courses, the count and the page.
    with django_assert_num_queries(6):
        assert desk.get("/admin/courses/enrollment/?q=oil").context["cl"].result_count == 8


@pytest.mark.parametrize("page", ["users/user/{}/change/", "auth/group/add/"])
def test_choosing_permissions_costs_few_queries(
    desk: Client, student: User, page: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(12):
        assert desk.get(f"/admin/{page.format(student.pk)}").status_code == 200


def test_who_teaches_is_chosen_by_words_and_not_from_a_list_of_everybody(desk: Client, student: User) -> None:
    course, names = make_course(), {"app_label": "courses", "model_name": "course", "field_name": "instructor"}

    page = desk.get(f"/admin/courses/course/{course.pk}/change/").content.decode()
    offered = desk.get("/admin/autocomplete/", {**names, "term": "ada stud"}).json()["results"]

    assert student.email not in page
    assert offered == [{"id": str(student.pk), "text": student.email}]
