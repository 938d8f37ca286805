"""No endpoint takes a column that its documentation does not name (hardening U15).

Endpoints and columns are not listed here: the endpoints come from the URLconf, what each takes from the OpenAPI
document, the columns from the models. A new endpoint or column is tested as soon as it exists.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import models, transaction
from django.utils import timezone
from drf_spectacular.generators import EndpointEnumerator, SchemaGenerator
from pytest_django import Settings
from rest_framework.test import APIClient

from audit.actor import Actor
from contacts.models import Contact
from courses.models import Enrollment
from courses.services import certificates
from courses.services.by_hand import give_place
from courses.services.enrolling import enroll
from examples.stripe_sandbox.webhooks import signed
from payments.models import Payment
from tests.conftest import client_of
from tests.contacts.conftest import FORM, make_contact
from tests.courses.conftest import make_course
from tests.mail.signing import ADDRESS as MAIL_EVENTS
from tests.mail.signing import PUBLIC_KEY, deliver, event
from tests.payments.conftest import SECRET, intent_event, make_payment
from tests.users.images import photo
from titanobova.models import OutgoingMail, RateLimitCounter
from users.models import Session, User


class SentAgain(SimpleUploadedFile):
    """A file that every request reads from its beginning."""

    def read(self, *args: Any) -> Any:
        """Return all of it."""
        self.seek(0)
        return super().read(*args)


OURS = ("titanobova", "audit", "users", "contacts", "courses", "payments", "legacy_import")
WRITING = {"POST", "PUT", "PATCH", "DELETE"}
WEBHOOK, CONTACTS = "/api/v1/payments/webhook/", "/api/v1/contacts/contacts/"
# What an endpoint that leaves unknown members alone needs to succeed; one that is not named here needs nothing.
BODIES: dict[str, dict[str, Any]] = {
    f"POST {CONTACTS}": FORM,
    "PUT /api/v1/courses/courses/{key}/thumbnail/": {"thumbnail": SentAgain("photo.jpg", photo(), "image/jpeg")},
}
SHAPES = {"application/json": "json", "multipart/form-data": "multipart"}
NAMED_AT_ONCE = 10  # so many unknown members a refusal names
HOSTILE_NUMBER = 30_077  # fits a small integer, and no sequence of a test comes as far
HOSTILE_ID = UUID("00000000-0000-7000-8000-00000000dead")
UUID_IN_TEXT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
LONG_AGO = datetime(2001, 2, 3, tzinfo=timezone.get_current_timezone())
RANDOM = {"code", "digest", "fingerprint", "number", "totp_pending_secret", "request_id", "payload", "thumbnail"}
RANDOM |= {"origin_salt", "origin_digest", "personal_salt", "personal_digest", "stamp"}  # of a row of the audit log


class Endpoint(NamedTuple):
    """A route that writes, with the members of the body that its documentation names."""

    method: str
    path: str
    documented: frozenset[str]
    formats: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


@dataclass
class World:
    """One of everything, so that a column could be changed; and who may do it."""

    student: User
    staff: User
    contact: Contact
    course_slug: str
    payment: Payment
    session: Session
    waiting: Enrollment
    taken: Enrollment

    def address(self, endpoint: Endpoint) -> str:
        """Return the endpoint's path with an object of the student's in it."""
        places = {
            f"{CONTACTS}{{id}}": f"{CONTACTS}{self.contact.pk}",
            "/users/sessions/{id}": f"/users/sessions/{self.session.pk}",
            "/courses/courses/{key}": f"/courses/courses/{self.course_slug}",
            "/courses/lessons/{id}": f"/courses/lessons/{self.taken.course.lessons.get().pk}",
            "/courses/enrollments/{id}/cancel": f"/courses/enrollments/{self.waiting.pk}/cancel",
            "/payments/{id}/refund": f"/payments/{self.payment.pk}/refund",
            "/courses/enrollments/{id}": f"/courses/enrollments/{self.taken.pk}",
        }
        path = endpoint.path
        for place, filled in places.items():
            path = path.replace(place, filled)
        assert "{" not in path, f"say which object stands in {path}"
        return path

    def send(self, endpoint: Endpoint, body: dict[str, Any], shape: str = "json") -> Any:
        """Send as the student; where that is not allowed, as staff."""
        if endpoint.path == WEBHOOK:
            return self.post_event(body)
        if endpoint.path == MAIL_EVENTS:
            return deliver({**body, **event(self.mail, sg_event_id="one", reason="a documented member")})
        for user in (self.student, self.staff):
            client = self.client_of(user)
            answer = getattr(client, endpoint.method.lower())(self.address(endpoint), body, format=shape)
            if answer.status_code != 403 or answer.json()["code"] == "step_up_required":
                break
        return answer

    def client_of(self, user: User) -> APIClient:
        """Return a client with the session that exists already."""
        client = self.clients.get(user.pk) or client_of(user)
        self.clients[user.pk] = client
        return client

    def post_event(self, extra: dict[str, Any]) -> Any:
        """Post a signed event with further members, outside and inside its object."""
        told = {**intent_event(self.payment), "id": "evt_1"}
        told["data"]["object"] = {**extra, **told["data"]["object"]}
        body, headers = signed({**extra, **told}, SECRET)
        signature = headers["Stripe-Signature"]
        return APIClient().post(WEBHOOK, body, content_type="application/json", HTTP_STRIPE_SIGNATURE=signature)

    def __post_init__(self) -> None:
        self.mail: OutgoingMail | None = None
        self.clients: dict[UUID, APIClient] = {}


@pytest.fixture
def world(
    student: User, staff: User, other_student: User, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> World:
    """One of everything, and limits that this many requests do not meet."""
    monkeypatch.setattr(certificates, "new_code", lambda: "0000-0000-0000-0000")  # a mail tells it
    settings.RATE_LIMITS = dict.fromkeys(settings.RATE_LIMITS, (1_000_000, 3600))
    settings.STRIPE_WEBHOOK_SECRETS, settings.STRIPE_SECRET_KEY = [SECRET], "sk_test_nobody_listens"
    taken = give_place(user=student.email, course=make_course().slug, by=Actor(user=staff))
    taken.course.lessons.create(position=1, title="First")
    things = make_contact(user=student), make_course().slug, make_payment(student), Session()
    made = World(student, staff, *things, enroll(student, make_course(price=10), by=Actor(user=student)), taken)
    settings.SENDGRID_WEBHOOK_PUBLIC_KEYS = [PUBLIC_KEY]
    made.mail = OutgoingMail.objects.create(recipient=student.email, subject="One", text="One.", status="sent")
    made.client_of(staff)
    made.client_of(student)
    made.session = Session.objects.get(user=student)
    return made


def writing_endpoints() -> list[Endpoint]:
    """Return every route of the API that writes."""
    document = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    found = []
    for path, _, method, _ in EndpointEnumerator().get_api_endpoints():  # type: ignore[no-untyped-call]
        if method in WRITING and path.startswith("/api/v1/"):
            operation = documented_operation(document, path, method)
            content = operation.get("requestBody", {}).get("content", {})
            members = {name for kind in content.values() for name in members_of(document, kind["schema"])}
            shapes = tuple(shape for kind, shape in SHAPES.items() if kind in content) or ("json",)
            found.append(Endpoint(method, operation["path"], frozenset(members), shapes))
    return found


def documented_operation(document: dict[str, Any], path: str, method: str) -> dict[str, Any]:
    """Return the document's entry of a route; the document calls `pk` `id`."""
    named = path.replace("{pk}", "{id}")
    assert method.lower() in document["paths"].get(named, {}), f"{method} {path} is not documented"
    return {**document["paths"][named][method.lower()], "path": named}


def members_of(document: dict[str, Any], schema: dict[str, Any]) -> list[str]:
    """Return the names in an object's schema."""
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return list(schema.get("properties", {}))


def our_models() -> list[type[models.Model]]:
    return [model for label in OURS for model in apps.get_app_config(label).get_models()]


def columns() -> dict[str, Any]:
    """Return every column of every model under the names that a body could call it, with a value to smuggle in."""
    found: dict[str, Any] = {}
    for model in our_models():
        for field in model._meta.get_fields():
            if isinstance(field, models.Field):
                for name in {field.name, getattr(field, "attname", field.name)}:
                    found.setdefault(name, hostile_value(field))
    return found


def hostile_value(field: "models.Field[Any, Any]") -> Any:
    """Return a value that the column could hold and does not."""
    if field.choices:
        return next(key for key, _ in reversed(list(field.flatchoices)) if key != field.get_default())
    if isinstance(field, models.BooleanField):
        return not field.get_default()
    for kinds, value in (
        ((models.ForeignKey, models.UUIDField), str(HOSTILE_ID)),
        ((models.ManyToManyField,), [str(HOSTILE_ID)]),
        ((models.DateTimeField,), LONG_AGO.isoformat()),
        ((models.DateField,), "2001-02-03"),
        ((models.IntegerField, models.DecimalField), HOSTILE_NUMBER),
        ((models.EmailField,), "hostile@example.com"),
        ((models.GenericIPAddressField,), "198.18.7.7"),
        ((models.JSONField,), {"hostile": "hostile"}),
    ):
        if isinstance(field, kinds):
            return value
    return "hostile"


def state() -> dict[str, list[str]]:
    """Return every row of ours, with what differs from run to run as a word; the counters of limits left out."""
    return {
        model._meta.label: sorted(json.dumps(comparable(row), default=str) for row in model._default_manager.values())
        for model in our_models()
        if model is not RateLimitCounter
    }


def comparable(row: dict[str, Any]) -> dict[str, Any]:
    return {name: same_in_every_run(name, value) for name, value in row.items()}


def same_in_every_run(name: str, value: Any) -> Any:
    if name in RANDOM:
        return value if value == "hostile" else bool(value)
    if isinstance(value, UUID) or name in {"id", "resource_id"}:
        return value if value in {HOSTILE_ID, HOSTILE_NUMBER, "hostile"} else bool(value)
    if isinstance(value, datetime):
        return "now" if abs(timezone.now() - value) < timedelta(days=90) else value
    if isinstance(value, str):
        return UUID_IN_TEXT.sub(lambda found: found[0] if UUID(found[0]) == HOSTILE_ID else "an id", value)
    return str(value) if isinstance(value, date | Decimal) else value


def undone(world: World, endpoint: Endpoint, body: dict[str, Any], shape: str) -> tuple[int, dict[str, list[str]]]:
    """Send, and return the status and what is stored afterwards; then undo it."""
    with transaction.atomic():
        status = world.send(endpoint, body, shape).status_code
        after = state()
        transaction.set_rollback(True)
    return status, after


def is_refused(answer: Any, name: str) -> bool:
    return bool(
        answer.status_code == 400 and answer.json().get("errors", {}).get(name, [{}])[0].get("code") == "unknown"
    )


def changes(before: dict[str, list[str]], after: dict[str, list[str]]) -> Iterator[str]:
    """Name the rows that differ."""
    for label, rows in after.items():
        yield from (f"{label}: {row}" for row in rows if row not in before[label])
        yield from (f"{label} lost: {row}" for row in before[label] if row not in rows)


def test_the_generators_find_what_there_is() -> None:
    names = {endpoint.name: endpoint.documented for endpoint in writing_endpoints()}
    known = columns()

    assert len(names) > 20
    assert "bio" in names["PATCH /api/v1/users/profile/"]
    assert {"password", "token"} == names["DELETE /api/v1/users/profile/"]
    assert {"is_staff", "is_superuser", "user_id", "groups", "amount", "status", "internal_notes", "id"} <= set(known)


@pytest.mark.timeout(300)  # every column at every endpoint
def test_a_column_that_is_not_documented_changes_nothing_anywhere(world: World) -> None:
    problems: list[str] = []
    for endpoint in writing_endpoints():
        undocumented = {name: value for name, value in columns().items() if name not in endpoint.documented}
        for shape in endpoint.formats:
            first = next(iter(undocumented.items()))
            if endpoint.documented and is_refused(world.send(endpoint, dict([first]), shape), first[0]):
                problems += refuse_each(world, endpoint, undocumented, shape)
            else:
                problems += ignore_all(world, endpoint, undocumented, shape)

    assert problems == []


def refuse_each(world: World, endpoint: Endpoint, undocumented: dict[str, Any], shape: str) -> Iterator[str]:
    """Name the columns that a closed endpoint lets in: each alone has to be refused by its name."""
    before, names = state(), list(undocumented)
    for some in (names[start : start + NAMED_AT_ONCE] for start in range(0, len(names), NAMED_AT_ONCE)):
        sent = {name: str(undocumented[name]) if shape == "multipart" else undocumented[name] for name in some}
        answer = world.send(endpoint, sent, shape)
        yield from (f"{endpoint.name} takes {name}" for name in some if not is_refused(answer, name))
    yield from (f"{endpoint.name} changed {row}" for row in changes(before, state()))


def ignore_all(world: World, endpoint: Endpoint, undocumented: dict[str, Any], shape: str) -> Iterator[str]:
    """Name what differs when an open endpoint gets all columns at once beside what it asks for."""
    body = BODIES.get(endpoint.name, {})
    if shape == "multipart":
        undocumented = {name: str(value) for name, value in undocumented.items()}
    status, plain = undone(world, endpoint, body, shape)
    if status >= 300:
        yield f"{endpoint.name} answered {status}: give it a body in BODIES"
    other, with_more = undone(world, endpoint, {**undocumented, **body}, shape)
    if other != status:
        yield f"{endpoint.name} answered {other} instead of {status}"
    yield from (f"{endpoint.name} changed {row}" for row in changes(plain, with_more))
