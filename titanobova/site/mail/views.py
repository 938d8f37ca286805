"""Delivery events over HTTP."""

from typing import Any, ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from audit.actor import Actor
from titanobova.api import APIView
from titanobova.parsers import RawJSONParser
from titanobova.serializers import Serializer
from titanobova.site.mail.events import receive_events

SIGNATURE = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP = "X-Twilio-Email-Event-Webhook-Timestamp"


class EventsParser(RawJSONParser):
    """SendGrid sends its events in batches."""

    max_bytes: ClassVar[int] = 1024 * 1024


class MailEventsOutput(Serializer):
    """How many of the events were about our mails and told something new."""

    new = serializers.IntegerField()


class MailEventsView(APIView):
    """Where SendGrid tells what became of a mail. The signature says who is calling: no login and no limit."""

    authentication_classes = []
    permission_classes = [AllowAny]
    throttle_classes = []
    parser_classes = [EventsParser]

    @extend_schema(
        request=OpenApiTypes.OBJECT,
        responses=MailEventsOutput,
        parameters=[
            OpenApiParameter(name, str, OpenApiParameter.HEADER, required=True) for name in (SIGNATURE, TIMESTAMP)
        ],
    )
    def post(self, request: Request) -> Response:
        """Answer 200 once the events are stored with what they say of the mails, and to each repetition."""
        body: Any = request.data or b""  # DRF makes {} of a missing body
        signature, timestamp = request.headers.get(SIGNATURE, ""), request.headers.get(TIMESTAMP, "")
        return Response({"new": receive_events(body, signature, timestamp, by=Actor.from_request(request))})
