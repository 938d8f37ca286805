"""What the outbox records."""

from tests.audit.recorded.world import Send, World, case
from tests.mail.signing import STRANGER, deliver, event, post
from titanobova.email import send_later
from titanobova.models import OutgoingMail


@case("POST api/v1/mail/events/", "mail.events.received")
def hear_of_a_mail(world: World) -> Send:
    told = event(_mail(world))
    return lambda: deliver(told)


@case("POST api/v1/mail/events/ forged", "mail.webhook.bad_signature", status=400)
def hear_from_somebody_else(world: World) -> Send:
    return lambda: post(b"[]", key=STRANGER)


@case("ADMIN titanobova.outgoingmail send_again", "mail.resent", status=302)
def send_again(world: World) -> Send:
    mail, desk = _mail(world), world.desk
    OutgoingMail.objects.filter(pk=mail.pk).update(status=OutgoingMail.Status.FAILED)
    form = {"action": "send_again", "_selected_action": [str(mail.pk)]}
    return lambda: desk.post("/admin/titanobova/outgoingmail/", form)


def _mail(world: World) -> OutgoingMail:
    return send_later("session_ended", to=world.student.email, subject="Hello")
