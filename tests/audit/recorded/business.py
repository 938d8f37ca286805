"""What contacts, courses and payments record."""

from typing import Any

from courses.models import Enrollment
from tests.audit.recorded.world import API, Send, World, case
from tests.conftest import PASSWORD
from tests.contacts.conftest import LEAST
from tests.courses.conftest import make_course
from tests.payments.conftest import deliver, event

PAID = ("payments.payment.succeeded", "courses.access.granted", "payments.receipt.issued")
REFUND = ("payments.refund.requested", "payments.payment.partially_refunded", "payments.credit_note.issued")
CONTACTS, COURSES, PAYMENTS = f"{API}contacts/contacts/", f"{API}courses/", f"{API}payments/"


@case("POST api/v1/contacts/contacts/", "contacts.submitted", status=201)
def write(world: World) -> Send:
    return lambda: world.visitor.post(CONTACTS, LEAST)


@case("GET api/v1/contacts/contacts/<uuid:pk>/ of a new one", "contacts.read")
def read(world: World) -> Send:
    return _on_contact(world, "get", "")


@case("PATCH api/v1/contacts/contacts/<uuid:pk>/", "contacts.updated")
def note(world: World) -> Send:
    return _on_contact(world, "patch", "", {"internal_notes": "calls often, late"})


@case("POST api/v1/contacts/contacts/<uuid:pk>/respond/", "contacts.answered")
def respond(world: World) -> Send:
    return _on_contact(world, "post", "respond/", {"message": "Forty."})


@case("POST api/v1/contacts/contacts/<uuid:pk>/close/", "contacts.closed")
def close(world: World) -> Send:
    return _on_contact(world, "post", "close/")


@case("POST api/v1/contacts/contacts/<uuid:pk>/mark_spam/", "contacts.marked_as_spam")
def mark_spam(world: World) -> Send:
    return _on_contact(world, "post", "mark_spam/")


@case("POST api/v1/contacts/contacts/<uuid:pk>/unmark_spam/", "contacts.unmarked_as_spam")
def unmark_spam(world: World) -> Send:
    return _on_contact(world, "post", "unmark_spam/", is_spam=True)


@case("GET api/v1/contacts/contacts/export.csv", "contacts.exported")
def export_contacts(world: World) -> Send:
    client = world.office
    return lambda: client.get(f"{CONTACTS}export.csv")


@case("GET api/v1/contacts/contacts/export.jsonl", "contacts.exported")
def export_contacts_as_lines(world: World) -> Send:
    client = world.office
    return lambda: client.get(f"{CONTACTS}export.jsonl")


@case("GET api/v1/audit/logs/export.csv", "audit.exported")
def export_the_log(world: World) -> Send:
    client = world.office
    return lambda: client.get(f"{API}audit/logs/export.csv")


@case("GET api/v1/audit/logs/export.jsonl", "audit.exported")
def export_the_log_as_lines(world: World) -> Send:
    client = world.office
    return lambda: client.get(f"{API}audit/logs/export.jsonl")


@case("GET of what one may not see", "access.denied", status=403)
def look_where_one_may_not(world: World) -> Send:
    client = world.learner
    return lambda: client.get(f"{API}audit/logs/")


@case("POST api/v1/courses/courses/", "courses.course.created", status=201)
def make_a_course(world: World) -> Send:
    client = world.teacher
    return lambda: client.post(f"{COURSES}courses/", {"title": "Pottery", "price": "0"})


@case("PATCH api/v1/courses/courses/<slug:key>/", "courses.course.changed")
def change_a_course(world: World) -> Send:
    return _on_course(world, "patch", "", {"title": "Oil painting"})


@case("DELETE api/v1/courses/courses/<slug:key>/", "courses.course.deleted", status=204)
def delete_a_course(world: World) -> Send:
    return _on_course(world, "delete", "")


@case("POST api/v1/courses/courses/<slug:key>/publish/", "courses.course.published")
def publish(world: World) -> Send:
    return _on_course(world, "post", "publish/", is_published=False)


@case("POST api/v1/courses/courses/<slug:key>/unpublish/", "courses.course.unpublished")
def unpublish(world: World) -> Send:
    return _on_course(world, "post", "unpublish/")


@case("PUT api/v1/courses/courses/<slug:key>/thumbnail/", "courses.course.changed")
def set_a_picture(world: World) -> Send:
    return _on_course(world, "put", "thumbnail/", {"thumbnail": world.picture()}, form="multipart")


@case("DELETE api/v1/courses/courses/<slug:key>/thumbnail/", "courses.course.changed")
def take_the_picture_away(world: World) -> Send:
    return _on_course(world, "delete", "thumbnail/", thumbnail="thumbnails/x.jpg")


@case("POST api/v1/courses/courses/<slug:key>/lessons/", "courses.lesson.created", status=201)
def add_a_lesson(world: World) -> Send:
    return _on_course(world, "post", "lessons/", {"title": "Third"})


@case("POST api/v1/courses/courses/<slug:key>/lessons/order/", "courses.lessons.ordered")
def order_lessons(world: World) -> Send:
    course, client = world.course(), world.teacher
    order = [str(lesson.pk) for lesson in course.lessons.order_by("-position")]
    return lambda: client.post(f"{COURSES}courses/{course.slug}/lessons/order/", {"lessons": order})


@case("PATCH api/v1/courses/lessons/<uuid:pk>/", "courses.lesson.changed")
def change_a_lesson(world: World) -> Send:
    lesson, client = world.course().lessons.get(position=1), world.teacher
    return lambda: client.patch(f"{COURSES}lessons/{lesson.pk}/", {"title": "Better"})


@case("DELETE api/v1/courses/lessons/<uuid:pk>/", "courses.lesson.deleted", status=204)
def delete_a_lesson(world: World) -> Send:
    lesson, client = world.course().lessons.get(position=1), world.teacher
    return lambda: client.delete(f"{COURSES}lessons/{lesson.pk}/")


@case("POST api/v1/courses/courses/<slug:key>/enroll/", "courses.enrolled", "courses.access.granted", status=201)
def enroll(world: World) -> Send:
    course, client = world.course(), world.learner
    return lambda: client.post(f"{COURSES}courses/{course.slug}/enroll/")


@case("POST api/v1/courses/enrollments/grant/", "courses.enrolled", "courses.access.granted", status=201)
def give_a_place(world: World) -> Send:
    course, client = world.course(), world.office
    body = {"user": world.student.email, "course": course.slug}
    return lambda: client.post(f"{COURSES}enrollments/grant/", body)


@case("POST api/v1/courses/enrollments/<uuid:pk>/cancel/", "courses.access.withdrawn")
def cancel(world: World) -> Send:
    enrollment, client = world.enrolled(), world.learner
    return lambda: client.post(f"{COURSES}enrollments/{enrollment.pk}/cancel/")


@case("POST api/v1/courses/enrollments/<uuid:pk>/withdraw/", "courses.access.withdrawn")
def take_a_place_back(world: World) -> Send:
    course, client = world.course(), world.office
    client.post(f"{COURSES}enrollments/grant/", {"user": world.student.email, "course": course.slug})
    enrollment = Enrollment.objects.get()
    return lambda: client.post(f"{COURSES}enrollments/{enrollment.pk}/withdraw/")


@case(
    "POST api/v1/courses/enrollments/<uuid:pk>/complete/",
    "courses.certificate.issued",
    "courses.enrollment.completed",
)
def complete(world: World) -> Send:
    enrollment, client = world.enrolled(), world.office
    return lambda: client.post(f"{COURSES}enrollments/{enrollment.pk}/complete/")


@case("PUT api/v1/courses/lessons/<uuid:pk>/progress/", "courses.lesson.begun")
def begin_a_lesson(world: World) -> Send:
    lesson, client = world.enrolled().course.lessons.get(position=1), world.learner
    return lambda: client.put(f"{COURSES}lessons/{lesson.pk}/progress/", {"position_seconds": 5})


@case("POST api/v1/courses/lessons/<uuid:pk>/complete/", "courses.lesson.begun", "courses.lesson.completed")
def complete_a_lesson(world: World) -> Send:
    lesson, client = world.enrolled().course.lessons.get(position=1), world.learner
    return lambda: client.post(f"{COURSES}lessons/{lesson.pk}/complete/")


@case("POST api/v1/courses/enrollment-requests/", "courses.place_requested", status=201)
def ask_for_a_place(world: World) -> Send:
    course = world.course()
    body = {"first_name": "Ada", "email": "ada@example.com", "course": course.slug}
    return lambda: world.visitor.post(f"{COURSES}enrollment-requests/", body)


@case("POST api/v1/payments/create_payment_intent/", "courses.enrolled", "payments.payment.started", status=201)
def start_to_pay(world: World) -> Send:
    make_course(slug="django", price="99.99")
    client = world.learner
    return lambda: client.post(f"{PAYMENTS}create_payment_intent/", {"course": "django"})


@case("POST api/v1/payments/webhook/", *PAID)
def hear_of_a_payment(world: World) -> Send:
    world.paid()
    assert world.sandbox is not None
    told = world.sandbox.events[-1]
    return lambda: deliver(told)


@case("POST api/v1/payments/webhook/ of no concern", "payments.webhook.received")
def hear_of_something_else(world: World) -> Send:
    told = event("customer.created", {"id": "cus_1", "object": "customer"})
    return lambda: deliver(told)


@case("POST api/v1/payments/webhook/ forged", "payments.webhook.bad_signature", status=400)
def hear_from_somebody_else(world: World) -> Send:
    def send() -> Any:
        forged = {"Stripe-Signature": "t=1,v1=0"}
        return world.visitor.post(f"{PAYMENTS}webhook/", {"id": "evt_1"}, headers=forged)

    return send


@case("POST api/v1/payments/<uuid:pk>/refund/", *REFUND, status=201)
def give_money_back(world: World) -> Send:
    payment, client = world.paid(), world.office
    assert world.sandbox is not None
    deliver(world.sandbox.events[-1])
    return lambda: client.post(f"{PAYMENTS}{payment.pk}/refund/", {"password": PASSWORD, "amount": "5"})


@case("ADMIN payments.payment refund", *REFUND, status=302)
def give_money_back_at_the_desk(world: World) -> Send:
    payment, desk = world.paid(), world.desk
    assert world.sandbox is not None
    deliver(world.sandbox.events[-1])
    form = {"password": PASSWORD, "amount": "5"}
    return lambda: desk.post(f"/admin/payments/payment/{payment.pk}/refund/", form)


def _on_contact(world: World, verb: str, path: str, body: Any = None, **fields: Any) -> Send:
    contact, client = world.contact(), world.office
    type(contact).objects.filter(pk=contact.pk).update(**fields or {"status": "new"})
    return lambda: getattr(client, verb)(f"{CONTACTS}{contact.pk}/{path}", body)


def _on_course(world: World, verb: str, path: str, body: Any = None, form: str = "json", **fields: Any) -> Send:
    course, client = world.course(**fields), world.teacher
    options = {} if body is None else {"format": form}
    return lambda: getattr(client, verb)(f"{COURSES}courses/{course.slug}/{path}", body, **options)
