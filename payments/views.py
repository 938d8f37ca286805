"""Payments over HTTP."""

from collections.abc import Mapping
from typing import IO, Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.mixins import ListModelMixin
from rest_framework.parsers import BaseParser
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from audit.actor import Actor
from payments import serializers
from payments.models import Payment
from payments.services.events import receive_event
from payments.services.starting import start_payment
from titanobova.api import APIView, GenericViewSet
from titanobova.http import PayloadTooLarge
from titanobova.throttling import OrdinaryLimit, PaymentLimit
from users.authentication import current_user

EVENT_BYTES = 256 * 1024


class RawJSONParser(BaseParser):
    """Leave a JSON body as the bytes that came: a signature covers them, not what they mean."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Return the bytes.

        :raises PayloadTooLarge: over EVENT_BYTES.
        """
        body: bytes = stream.read(EVENT_BYTES + 1)
        if len(body) > EVENT_BYTES:
            raise PayloadTooLarge
        return body


class CreatePaymentIntentView(APIView):
    """Start to pay."""

    throttle_classes = [OrdinaryLimit, PaymentLimit]

    @extend_schema(request=serializers.PaymentInput, responses={201: serializers.StartedPaymentOutput})
    def post(self, request: Request) -> Response:
        """Answer the client secret with which the buyer's browser pays at Stripe."""
        form = serializers.PaymentInput(data=request.data)
        form.is_valid(raise_exception=True)
        started = start_payment(current_user(request), **form.validated_data, by=Actor.from_request(request))
        return Response(serializers.StartedPaymentOutput(started).data, status=201)


class WebhookView(APIView):
    """Where Stripe tells what happened. The signature says who is calling, so there is no login and no limit."""

    authentication_classes = []
    permission_classes = [AllowAny]
    throttle_classes = []
    parser_classes = [RawJSONParser]

    @extend_schema(
        request=OpenApiTypes.OBJECT,
        responses=serializers.ReceivedOutput,
        parameters=[OpenApiParameter("Stripe-Signature", str, OpenApiParameter.HEADER, required=True)],
    )
    def post(self, request: Request) -> Response:
        """Answer 200 once the event is stored with all it does, and to each repetition."""
        body: Any = request.data or b""  # DRF makes {} of a missing body
        receive_event(body, request.headers.get("Stripe-Signature", ""), by=Actor.from_request(request))
        return Response({"received": True})


class PaymentViewSet(ListModelMixin, GenericViewSet):
    """Payments, newest first: one's own, and all for staff."""

    queryset = Payment.objects.none()  # for the schema; the real one below
    serializer_class = serializers.PaymentOutput

    def get_queryset(self) -> QuerySet[Payment]:
        """Return what the person may see."""
        user = current_user(self.request)
        return Payment.objects.all() if user.is_staff else Payment.objects.filter(user=user)
