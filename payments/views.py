"""Payments over HTTP."""

from typing import Any
from uuid import UUID

from django.db.models import prefetch_related_objects
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import AllowAny, IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response

from audit.actor import Actor
from payments import serializers
from payments.document_views import visible_payment
from payments.models import Payment
from payments.services.events import receive_event
from payments.services.refunding import request_refund
from payments.services.starting import Wish, start_payment
from payments.throttling import BuyerLimit
from titanobova.api import APIView, GenericViewSet
from titanobova.idempotency import attempt_of
from titanobova.parsers import RawJSONParser
from titanobova.schema import NAMED_ATTEMPT, by_reader
from titanobova.throttling import OrdinaryLimit, PaymentLimit
from users.authentication import current_user
from users.services.step_up import require_step_up


class CreatePaymentIntentView(APIView):
    """Start to pay."""

    throttle_classes = [OrdinaryLimit, PaymentLimit, BuyerLimit]

    @extend_schema(
        request=serializers.PaymentInput,
        responses={201: serializers.StartedPaymentOutput},
        parameters=[NAMED_ATTEMPT],
    )
    def post(self, request: Request) -> Response:
        """Answer the client secret with which the buyer's browser pays at Stripe; once more for a repeated attempt."""
        form = serializers.PaymentInput(data=request.data)
        form.is_valid(raise_exception=True)
        attempt = attempt_of(request, "payments/create_payment_intent")
        wish, actor = Wish(**form.validated_data), Actor.from_request(request)
        started = start_payment(current_user(request), wish, by=actor, attempt=attempt)
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


class PaymentViewSet(GenericViewSet):
    """Payments, newest first: one's own, and all for staff, with what became of them."""

    queryset = Payment.objects.all()
    serializer_class = serializers.PaymentOutput

    @extend_schema(
        parameters=[serializers.PaymentQuery],
        responses=by_reader("ListedPayment", serializers.PaymentOutput, serializers.StaffPaymentOutput),
    )
    def list(self, request: Request) -> Response:
        """Answer one page; staff see whose they are, and what needs a look."""
        found = Payment.objects.visible_to(current_user(request)).matching(**wanted(request))
        page = self.paginate_queryset(found)
        output = serializers.StaffPaymentOutput if request.user.is_staff else serializers.PaymentOutput
        return self.get_paginated_response(output(page, many=True).data)

    @extend_schema(responses=by_reader("OnePayment", serializers.OwnPaymentDetail, serializers.PaymentDetail))
    def retrieve(self, request: Request, pk: UUID) -> Response:
        """Answer one payment with its documents; to staff with its ledger, refunds and disputes too."""
        payment = visible_payment(request, pk)
        prefetch_related_objects([payment], "documents__refers_to")
        output = serializers.PaymentDetail if request.user.is_staff else serializers.OwnPaymentDetail
        return Response(output(payment, context={"request": request}).data)


class RefundView(APIView):
    """Give money back."""

    permission_classes = [IsAdminUser]

    @extend_schema(
        parameters=[NAMED_ATTEMPT], request=serializers.RefundInput, responses={201: serializers.RefundOutput}
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Ask for the password once more, then answer the refund; one that stays `requested` is carried out later."""
        payment = visible_payment(request, pk)
        form = serializers.RefundInput(data=request.data)
        form.is_valid(raise_exception=True)
        asked, actor = form.validated_data, Actor.from_request(request)
        proof = {name: asked.pop(name) for name in ("password", "token")}
        require_step_up(current_user(request), **proof, by=actor)
        attempt = attempt_of(request, f"payments.refund {pk}", beside=proof)
        refund = request_refund(payment, **asked, by=actor, attempt=attempt)
        return Response(serializers.RefundOutput(refund).data, status=201)


def wanted(request: Request) -> dict[str, Any]:
    """Return the filters that the request names. A buyer's list must not tell by its rows what staff have flagged."""
    query = serializers.PaymentQuery(data=request.query_params)
    query.is_valid(raise_exception=True)
    named: dict[str, Any] = dict(query.validated_data)
    if request.user.is_staff:
        return named
    return {name: value for name, value in named.items() if name not in serializers.PaymentQuery.OF_STAFF}
