"""Who acts in the table of what is recorded, and on what."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pyotp
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from rest_framework.test import APIClient

from audit.actor import Actor
from audit.models import AuditLog
from contacts.models import Contact
from courses.models import Course, Enrollment
from examples.stripe_sandbox import StripeSandbox
from payments.models import Payment
from tests.conftest import PASSWORD, client_of, make_user
from tests.contacts.conftest import make_contact
from tests.courses.conftest import make_course
from tests.users import images
from tests.users.mailbox import token_for
from users.models import User
from users.services.second_factor import confirm_enrolment, start_enrolment

API = "/api/v1/"
NEW_PASSWORD = "quiet-lantern-42"
Send = Callable[[], Any]
NOBODY = Actor.from_system("tests")


class Case(NamedTuple):
    """One way to change something: what prepares it, the events of its rows, and the tables it may change unrecorded.

    Such a table keeps what must stay whatever becomes of the request: the tries that a lock counts, for example.
    """

    name: str
    prepare: Callable[["World"], Send]
    events: tuple[str, ...]
    kept: frozenset[str]
    status: int


CASES: list[Case] = []


def case(
    name: str, *events: str, kept: tuple[str, ...] = (), status: int = 200
) -> Callable[[Callable[["World"], Send]], Callable[["World"], Send]]:
    """Put a way to change something into the table; the function prepares it and returns what sends the request."""

    def put(prepare: Callable[["World"], Send]) -> Callable[["World"], Send]:
        CASES.append(Case(name, prepare, events, frozenset(kept), status))
        return prepare

    return put


def quiet(client: APIClient) -> APIClient:
    """Let the client answer a defect with 500, as a server does."""
    client.raise_request_exception = False
    return client


@dataclass
class World:
    """People, their clients, and what they own."""

    student: User
    staff: User
    instructor: User
    sandbox: StripeSandbox | None = None
    visitor: APIClient = field(default_factory=lambda: quiet(APIClient(REMOTE_ADDR="192.0.2.7")))

    @property
    def learner(self) -> APIClient:
        """The student, logged in."""
        return quiet(client_of(self.student))

    @property
    def teacher(self) -> APIClient:
        """The instructor, logged in."""
        return quiet(client_of(self.instructor))

    @property
    def office(self) -> APIClient:
        """Somebody of the staff, logged in."""
        return quiet(client_of(self.staff))

    @property
    def desk(self) -> Client:
        """Somebody of the staff in the admin."""
        client = Client(raise_request_exception=False)
        client.force_login(self.staff, backend="users.backends.SessionOnlyBackend")
        return client

    def contact(self) -> Contact:
        """A message."""
        return make_contact()

    def course(self, **fields: Any) -> Course:
        """A course of the instructor, with two lessons."""
        course = make_course(slug="painting", title="Painting", instructor=self.instructor, **fields)
        course.lessons.create(position=1, title="First")
        course.lessons.create(position=2, title="Second")
        return course

    def enrolled(self) -> Enrollment:
        """The student in that course."""
        enrollment = Enrollment.objects.create(user=self.student, course=self.course(), status="active")
        enrollment.grants.create(kind="free")
        return enrollment

    def protected(self) -> tuple[pyotp.TOTP, list[str]]:
        """Give the student a second factor."""
        enrolment = start_enrolment(self.student, by=NOBODY)
        totp = pyotp.TOTP(enrolment.secret)
        confirm_enrolment(self.student, totp.now(), by=NOBODY)
        User.objects.filter(pk=self.student.pk).update(totp_last_step=0)
        self.student.refresh_from_db()
        return totp, enrolment.backup_codes

    def link(self, path: str, body: dict[str, str], client: APIClient | None = None, *, to: str = "") -> str:
        """Ask for a mailed link, and return its token."""
        answer = (client or self.visitor).post(f"{API}users/{path}/", body)
        assert answer.status_code < 300, answer.content
        return token_for(to or self.student.email)

    def paid(self) -> Payment:
        """Let the student pay for a course at the sandbox."""
        assert self.sandbox is not None
        course = make_course(slug="django", price="99.99")
        self.learner.post(f"{API}payments/create_payment_intent/", {"course": course.slug})
        payment = Payment.objects.get()
        self.sandbox.pay(payment.intent_id)
        return payment

    def picture(self) -> SimpleUploadedFile:
        """A picture to upload."""
        return SimpleUploadedFile("mina.jpg", images.photo(), "image/jpeg")

    def login(self, password: str = PASSWORD) -> Any:
        """Log the student in."""
        return self.visitor.post(f"{API}auth/token/", {"email": self.student.email, "password": password})


def make_world(sandbox: StripeSandbox | None = None) -> World:
    """Make the people."""
    return World(
        make_user("student@example.com", first_name="Ada"),
        make_user("staff@example.com", is_staff=True, is_superuser=True),
        make_user("instructor@example.com", user_type=User.Type.INSTRUCTOR),
        sandbox,
    )


def events_of(send: Send) -> tuple[Any, list[str]]:
    """Send, and return the answer with the events that it recorded, oldest first."""
    known = set(AuditLog.objects.values_list("pk", flat=True))
    answer = send()
    if getattr(answer, "streaming", False):
        b"".join(answer.streaming_content)
    rows = AuditLog.objects.exclude(pk__in=known).order_by("pk")
    return answer, [row.details["event"] for row in rows]
