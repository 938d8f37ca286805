"""A person who has used everything, and words that lead to them."""

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from rest_framework.test import APIClient

from audit.actor import Actor
from audit.services import record
from courses.models import Enrollment
from payments.models import Payment
from tests.conftest import PASSWORD, make_user
from tests.courses.conftest import make_course
from tests.payments.conftest import deliver, intent_event, make_payment
from tests.users import images
from titanobova.email import send_later
from users.models import MailedLink, User

API = "/api/v1/"
EMAIL, EARLIER_EMAIL = "Wilhelmina.Z@example.com", "mina@earlier.example.net"
HOME, TRAIN, OFFICE = "203.0.113.77", "198.51.100.44", "192.0.2.99"
BROWSER, OFFICE_BROWSER = "Minabrowser/7.1", "Officebrowser/1.0"
# In everything that the person's life leaves behind, each leads to them.
TRACES = (
    "wilhelmina",
    "zebrowska",
    "mina@earlier",
    "4930901820",
    "axolotl",
    "1987-06-05",
    HOME,
    TRAIN,
    BROWSER,
)
NOTES = "A difficult customer, calls often"  # the staff's own


def live(staff: User) -> User:
    """Return a person with a verified address who has used everything that there is."""
    early = {"email": EARLIER_EMAIL, "password": "no such account yet"}
    assert APIClient().post(f"{API}auth/token/", early).status_code == 401  # the log's row leads to nobody
    person = make_user(EARLIER_EMAIL, first_name="Wilhelmina", last_name="Zebrowska", email_verified=True)
    log_in(EARLIER_EMAIL)
    person.email = EMAIL
    person.save()
    client = log_in(EMAIL)
    _tell_about_oneself(client)
    _err(client)
    _write(client, staff)
    _learn(person, client)
    _pay(person)
    _be_mailed(person, staff)
    person.refresh_from_db()
    return person


def log_in(email: str) -> APIClient:
    """Log in from home and return the client."""
    client = APIClient(REMOTE_ADDR=HOME, HTTP_USER_AGENT=BROWSER)
    answer = client.post(f"{API}auth/token/", {"email": email, "password": PASSWORD})
    assert answer.status_code == 200
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {answer.json()['access']}")
    return client


def office_of(staff: User) -> APIClient:
    """Return the client of somebody of the staff, at the office."""
    client = APIClient(REMOTE_ADDR=OFFICE, HTTP_USER_AGENT=OFFICE_BROWSER)
    answer = client.post(f"{API}auth/token/", {"email": staff.email, "password": PASSWORD})
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {answer.json()['access']}")
    return client


def dump(*, without: str = "") -> str:
    """Return every column of every row of every table, but one if it is named, in small letters."""
    lines = []
    with connection.cursor() as cursor:
        for table in set(connection.introspection.table_names(cursor)) - {without}:
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            lines += [f"{table}: {' | '.join(map(str, row))}" for row in cursor.fetchall()]
    return "\n".join(lines).lower()


def traces_in(text: str) -> set[str]:
    """Return which words that lead to the person are in a text."""
    return {trace for trace in TRACES if trace.lower() in text.lower()}


def _tell_about_oneself(client: APIClient) -> None:
    profile = {"bio": "I breed axolotls", "date_of_birth": "1987-06-05", "phone_number": "+49 30 901820"}
    picture = SimpleUploadedFile("mina.jpg", images.photo(), "image/jpeg")
    assert client.patch(f"{API}users/profile/", {**profile, "profile_picture": picture}, format="multipart").json()[
        "bio"
    ]
    assert client.post(f"{API}users/enable_2fa/").status_code == 200


def _err(client: APIClient) -> None:
    wrong = {"email": EMAIL, "password": "axolotl-is-not-it"}
    assert APIClient(REMOTE_ADDR=TRAIN, HTTP_USER_AGENT=BROWSER).post(f"{API}auth/token/", wrong).status_code == 401
    assert client.get(f"{API}audit/logs/?search=axolotl").status_code == 403


def _write(client: APIClient, staff: User) -> None:
    office, visitor = office_of(staff), APIClient(REMOTE_ADDR=TRAIN, HTTP_USER_AGENT=BROWSER)
    message = {"name": "Wilhelmina Zebrowska", "subject": "My axolotl", "message": "Does an axolotl\n\n need a seat?"}
    for sender, email in ((client, "mina@work.example.org"), (visitor, EMAIL.upper())):
        written = {**message, "email": email, "phone": "+4930901820"}
        contact = f"{API}contacts/contacts/{sender.post(f'{API}contacts/contacts/', written).json()['id']}/"
        assert office.patch(contact, {"internal_notes": f"{NOTES}: axolotl"}).status_code == 200
        assert office.post(f"{contact}respond/", {"message": "An axolotl \n\n sits on the floor"}).status_code == 200


def _learn(person: User, client: APIClient) -> None:
    free = make_course(title="Ponds for beginners")
    lesson = free.lessons.create(position=1, title="Water")
    assert client.post(f"{API}courses/courses/{free.pk}/enroll/").status_code == 201
    assert client.post(f"{API}courses/lessons/{lesson.pk}/complete/").status_code == 200
    make_course(title="Keeping amphibians", instructor=person)
    request = {"first_name": "Wilhelmina", "last_name": "Zebrowska", "email": EMAIL, "phone": "+4930901820"}
    words = {"experience": "Twelve axolotls", "notes": "Axolotl friendly room?", "level": "axolotl"}
    for course in ({"course": str(free.pk)}, {"course_title": "Axolotls at home"}):
        visitor = APIClient(REMOTE_ADDR=TRAIN, HTTP_USER_AGENT=BROWSER)
        assert visitor.post(f"{API}courses/enrollment-requests/", {**request, **words, **course}).status_code == 201


def _pay(person: User) -> None:
    course = make_course(title="Advanced ponds", price="99.99")
    place = Enrollment.objects.create(user=person, course=course, status=Enrollment.Status.PENDING)
    payment = make_payment(person, enrollment=place, amount="99.99", course_title=course.title, description="axolotl")
    card = {"billing_details": {"name": "Wilhelmina Zebrowska", "email": EMAIL, "phone": "+4930901820"}}
    intent: dict[str, Any] = {"description": "axolotl", "receipt_email": EMAIL, "latest_charge": {"id": "ch_1", **card}}
    assert deliver(intent_event(payment, **intent)).status_code == 200
    make_payment(person, amount="5.00", description="For the axolotl", status=Payment.Status.CANCELED)


def _be_mailed(person: User, staff: User) -> None:
    send_later("session_ended", to=person.email, subject="To Wilhelmina", context={"user": person})
    send_later("session_ended", to=EARLIER_EMAIL, subject="To Wilhelmina", context={"user": person})
    claimed = MailedLink(user=person, purpose=MailedLink.Purpose.CHANGE_EMAIL, email="zebrowska@new.example.com")
    claimed.digest, claimed.expires_at = "0" * 64, person.created_at
    claimed.save()
    send_later("session_ended", to=claimed.email, subject="Confirm this address")
    changes: dict[str, object] = {"fields": {"first_name": {"from": "Mina", "to": "Wilhelmina"}}}
    by = Actor(user=staff, ip_address=OFFICE, user_agent=OFFICE_BROWSER)
    record("update", "admin.changed", by=by, on=person, details=changes)
