"""Courses in the admin."""

from pathlib import Path

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from audit.models import AuditLog
from courses.models import Course, Enrollment, EnrollmentRequest
from tests.conftest import make_user
from tests.courses.conftest import make_course
from tests.users import images
from users.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(staff: User) -> Client:
    """The browser of somebody of the staff."""
    client = Client()
    client.force_login(staff)
    return client


@pytest.mark.parametrize("model", ["course", "lesson", "enrollment", "enrollmentrequest"])
@pytest.mark.parametrize("search", ["", "?q=priced"])
def test_staff_see_each_list(office: Client, student: User, priced: Course, model: str, search: str) -> None:
    Enrollment.objects.create(user=student, course=priced, status="active")
    EnrollmentRequest.objects.create(first_name="A", email="a@example.com", course_title="Painting")
    priced.lessons.create(position=1, title="First")

    assert office.get(f"/admin/courses/{model}/{search}").status_code == 200


def test_staff_change_a_course_and_the_log_says_so(office: Client, priced: Course) -> None:
    form = {"title": "Better", "slug": "priced", "price": "12.5", "currency": "eur"}

    answer = office.post(f"/admin/courses/course/{priced.pk}/change/", form)

    assert answer.status_code == 302, answer.content
    priced.refresh_from_db()
    assert (priced.title, priced.price_text, priced.currency) == ("Better", "12.50", "eur")
    log = AuditLog.objects.get(details__event="admin.changed")
    assert log.resource_id == str(priced.pk)
    assert log.all_details["fields"]["title"]["to"] == "Better"


@pytest.mark.parametrize(
    "wrong",
    [
        {"currency": "USD"},
        {"price": "-1"},
        {"price": "0.005"},
        {"price": "10.5", "currency": "jpy"},
        {"slug": "no slug"},
        {"slug": "0" * 32},
        {"slug": "better"},  # of a published course
        {"price": ""},
        {"price": "x"},
        {"currency": ""},
        {"slug": ""},
    ],
)
def test_a_course_that_cannot_be_is_refused_in_words(office: Client, priced: Course, wrong: dict[str, str]) -> None:
    form = {"title": "Better", "slug": "priced", "price": "12.5", "currency": "eur"} | wrong

    assert office.post(f"/admin/courses/course/{priced.pk}/change/", form).status_code == 200
    priced.refresh_from_db()
    assert priced.title != "Better"


def test_a_new_course_without_a_price_is_asked_for_one(office: Client) -> None:
    answer = office.post("/admin/courses/course/add/", {"title": "New", "slug": "new", "price": "?", "currency": "eur"})

    assert answer.status_code == 200
    assert not Course.objects.exists()


def choose(office: Client, action: str, *chosen: Course) -> list[str]:
    """Carry an action out on some courses and return what it says."""
    form = {"action": action, "_selected_action": [str(course.pk) for course in chosen]}
    answer = office.post("/admin/courses/course/", form, follow=True)
    assert answer.status_code == 200
    return [str(message) for message in answer.context["messages"]]


def test_staff_publish_courses_and_take_them_back(office: Client, staff: User) -> None:
    ready = make_course(is_published=False)
    public = make_course()
    broken = make_course(title="Broken", is_published=False, price="1.005")

    said = choose(office, "publish", ready, public, broken)

    assert said == ["Broken: A course needs a title, a slug and a price that can be paid."]
    assert set(Course.objects.published()) == {ready, public}
    log = AuditLog.objects.get(details__event="courses.course.published")
    assert (log.resource_id, log.user_id) == (str(ready.pk), staff.pk)
    choose(office, "unpublish", ready, public)
    assert not Course.objects.published().exists()
    assert AuditLog.objects.filter(details__event="courses.course.unpublished").count() == 2


def test_a_tick_does_not_publish(office: Client) -> None:
    draft = make_course(slug="draft", is_published=False)
    form = {"title": "Better", "slug": "renamed", "price": "1", "currency": "eur", "is_published": "on"}

    assert office.post(f"/admin/courses/course/{draft.pk}/change/", form).status_code == 302

    draft.refresh_from_db()
    assert (draft.slug, draft.is_published) == ("renamed", False)


def test_who_may_only_look_does_not_publish(db: None) -> None:
    guest = make_user("guest@example.com", is_staff=True)
    guest.user_permissions.set(Permission.objects.filter(codename="view_course"))
    client = Client()
    client.force_login(guest)
    draft = make_course(is_published=False)

    client.post("/admin/courses/course/", {"action": "publish", "_selected_action": [str(draft.pk)]})

    assert client.get("/admin/courses/course/").status_code == 200
    assert not Course.objects.published().exists()


def test_no_seat_is_taken_away_that_somebody_has(office: Client, student: User, staff: User, priced: Course) -> None:
    for person in (student, staff):
        Enrollment.objects.create(user=person, course=priced, status="active")
    form = {"title": "Better", "slug": "priced", "price": "1", "currency": "eur"}
    address = f"/admin/courses/course/{priced.pk}/change/"

    assert office.post(address, form | {"capacity": "1"}).status_code == 302  # as it was
    Course.objects.update(capacity=2, title="Old")
    refused = office.post(address, form | {"capacity": "1"})

    assert "More seats of this course are taken than that." in refused.content.decode()
    assert Course.objects.get().title == "Old"


def test_courses_are_searched_by_the_beginnings_of_their_words(office: Client) -> None:
    make_course(title="Oil painting", description="With brushes")
    make_course(title="Pottery")

    def found(words: str) -> list[str]:
        answer = office.get("/admin/courses/course/", {"q": words})
        return [course.title for course in answer.context["cl"].result_list]

    assert found("brush") == ["Oil painting"]
    assert found("rush") == []
    assert found("p") == ["Pottery", "Oil painting"]
    assert found(" ") == ["Pottery", "Oil painting"]
    assert found("' & | ! %") == []


@pytest.mark.parametrize("address", ["course/", "course/?q=course", "lesson/", "lesson/?q=course"])
def test_a_list_costs_the_same_queries_however_long_it_is(
    office: Client, instructor: User, address: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(12):
        make_course(instructor=instructor).lessons.create(position=1, title="First")

    # The session, who asks, two counts and the page; above the list of courses the categories and currencies.
    with django_assert_max_num_queries(7):
        assert office.get(f"/admin/courses/{address}").status_code == 200


@pytest.fixture
def media(settings: LazySettings, tmp_path: Path) -> Path:
    """An empty folder for uploads."""
    settings.MEDIA_ROOT = str(tmp_path)
    return tmp_path


def files_in(folder: Path) -> list[Path]:
    """Return the files below a folder."""
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.django_db(transaction=True)
def test_a_picture_is_drawn_anew_and_goes_with_its_course(office: Client, priced: Course, media: Path) -> None:
    form = {"title": "A", "slug": "priced", "price": "1", "currency": "eur"}
    address = f"/admin/courses/course/{priced.pk}/change/"

    for name in ("one.jpg", "two.jpg"):
        upload = SimpleUploadedFile(name, images.photo(), "image/jpeg")
        assert office.post(address, form | {"thumbnail": upload}).status_code == 302
    (file,) = files_in(media)

    assert not [word for word in images.SECRETS if word in file.read_bytes()]
    assert len(file.stem) == 32
    assert office.post(address, form | {"title": "B"}).status_code == 302
    assert files_in(media) == [file]
    office.post(f"/admin/courses/course/{priced.pk}/delete/", {"post": "yes"})
    assert not Course.objects.exists()
    assert files_in(media) == []


def test_what_is_no_picture_is_refused_in_words(office: Client, priced: Course, media: Path) -> None:
    animation = images.animated_webp(16, 16)
    form = {"title": "A", "slug": "priced", "price": "1", "currency": "eur"}
    upload = SimpleUploadedFile("a.webp", animation, "image/webp")

    answer = office.post(f"/admin/courses/course/{priced.pk}/change/", form | {"thumbnail": upload})

    assert "The picture must not be animated." in answer.content.decode()
    assert files_in(media) == []


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"video_url": "http://video.example.com/1"}, "begins with https://"),
        ({"video_url": "ftp://video.example.com/1"}, "begins with https://"),
        ({"video_url": "javascript:alert(1)"}, "Enter a valid URL."),
        ({"position": "0"}, "between 1 and 500"),
        ({"position": "501"}, "between 1 and 500"),
        ({"position": "1"}, "already exists"),
    ],
)
def test_a_lesson_that_cannot_be_is_refused_in_words(
    office: Client, priced: Course, wrong: dict[str, str], words: str
) -> None:
    priced.lessons.create(position=1, title="First")
    form = {"course": str(priced.pk), "position": "2", "title": "Second", "video_url": "https://video.example.com/1"}

    assert words in office.post("/admin/courses/lesson/add/", form | wrong).content.decode()
    assert priced.lessons.count() == 1
    assert office.post("/admin/courses/lesson/add/", form).status_code == 302


@pytest.mark.parametrize("model", ["enrollment", "enrollmentrequest"])
def test_seats_and_requests_are_not_made_by_hand(office: Client, model: str) -> None:
    assert office.get(f"/admin/courses/{model}/add/").status_code == 403


def test_a_course_that_people_take_is_not_deleted(office: Client, student: User, priced: Course) -> None:
    Enrollment.objects.create(user=student, course=priced, status="active")

    office.post(f"/admin/courses/course/{priced.pk}/delete/", {"post": "yes"})

    assert Course.objects.filter(pk=priced.pk).exists()


def test_others_stay_outside(student: User) -> None:
    client = Client()
    client.force_login(student)

    assert client.get("/admin/courses/course/").status_code == 302
