"""Accounts over HTTP."""

from typing import Any
from uuid import UUID

import segno
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.mixins import ListModelMixin
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from audit.actor import Actor
from titanobova.api import APIView, GenericViewSet
from titanobova.throttling import LoginLimit, OrdinaryLimit, RegisterLimit
from users import serializers
from users.authentication import bearer, current_user
from users.models import PendingLogin, Session
from users.services import login, registration, second_factor, sessions
from users.services.step_up import require_step_up
from users.throttling import RefreshLimit
from users.tokens import AccessToken, InvalidToken, PendingLoginToken, RefreshToken

PENDING_LOGIN: Any = [{"bearerAuth": []}]  # the bearer of verify_2fa, for the schema: no authenticator reads it


class PublicView(APIView):
    """Open to anyone: a token that came along is not looked at."""

    authentication_classes = []
    permission_classes = [AllowAny]


class TokenView(PublicView):
    """Log in."""

    throttle_classes = [OrdinaryLimit, LoginLimit]

    @extend_schema(request=serializers.LoginInput, responses=serializers.TokenPair)
    def post(self, request: Request) -> Response:
        """Answer tokens; with a second factor on, a token that only verify_2fa accepts."""
        form = serializers.LoginInput(data=request.data)
        form.is_valid(raise_exception=True)
        opened = login.log_in(**form.validated_data, by=Actor.from_request(request))
        if isinstance(opened, PendingLogin):
            return Response({"access": str(PendingLoginToken.of(opened)), "refresh": None, "requires_2fa": True})
        return Response(token_pair(opened))


class RefreshView(PublicView):
    """Trade a refresh token for a fresh pair."""

    throttle_classes = [RefreshLimit]

    @extend_schema(request=serializers.RefreshInput, responses=serializers.RefreshedPair)
    def post(self, request: Request) -> Response:
        """Answer a pair; the old refresh token stays good until its child is used."""
        form = serializers.RefreshInput(data=request.data)
        form.is_valid(raise_exception=True)
        fresh = sessions.refresh(form.validated_data["refresh"], by=Actor.from_request(request))
        child = RefreshToken.of(fresh.session, fresh.generation)
        return Response({"access": str(AccessToken.of(fresh.session)), "refresh": str(child)})


class LogoutView(APIView):
    """End the session that asks."""

    @extend_schema(request=None, responses={204: OpenApiResponse(description="The session has ended.")})
    def post(self, request: Request) -> Response:
        """Refuse every token of this session from now on."""
        actor = Actor.from_request(request)
        if actor.session_id is not None:
            sessions.end_session(current_user(request), actor.session_id, by=actor)
        return Response(status=204)


class VerifySecondFactorView(PublicView):
    """The second half of a login."""

    throttle_classes = [OrdinaryLimit, LoginLimit]

    @extend_schema(request=serializers.CodeInput, responses=serializers.TokenPair, auth=PENDING_LOGIN)
    def post(self, request: Request) -> Response:
        """Answer full tokens for the pending login of the bearer."""
        form = serializers.CodeInput(data=request.data)
        form.is_valid(raise_exception=True)
        token = PendingLoginToken.read(bearer(request))
        pending = PendingLogin.objects.open().select_related("user").filter(pk=token.row_id).first()
        if pending is None:
            raise InvalidToken
        session = second_factor.complete_login(pending, form.validated_data["token"], by=Actor.from_request(request))
        return Response(token_pair(session))


class EnableSecondFactorView(APIView):
    """Ask for a second factor."""

    @extend_schema(request=None, responses=serializers.EnrolmentOutput)
    def post(self, request: Request) -> Response:
        """Answer the secret, its QR code and the backup codes, this once."""
        enrolment = second_factor.start_enrolment(current_user(request), by=Actor.from_request(request))
        picture = segno.make(enrolment.provisioning_uri, micro=False).svg_inline(scale=5)
        return Response(
            {
                "secret": enrolment.secret,
                "qr_code_url": enrolment.provisioning_uri,
                "qr_code_svg": picture,
                "backup_codes": enrolment.backup_codes,
            }
        )


class ConfirmSecondFactorView(APIView):
    """Turn the second factor on."""

    @extend_schema(request=serializers.ConfirmationInput, responses=serializers.ProfileOutput)
    def post(self, request: Request) -> Response:
        """Answer the profile, with `totp_enabled` true; to replace a second factor takes a step-up with its code."""
        form = serializers.ConfirmationInput(data=request.data)
        form.is_valid(raise_exception=True)
        given, user, actor = form.validated_data, current_user(request), Actor.from_request(request)
        if user.totp_enabled:
            proved = require_step_up(user, password=given["password"], token=given["current_token"], by=actor)
            user.password = proved.password  # a proof may have brought its hash up to date
        second_factor.confirm_enrolment(user, given["token"], by=actor)
        user.refresh_from_db()
        return Response(serializers.ProfileOutput(user).data)


class DisableSecondFactorView(APIView):
    """Turn the second factor off."""

    @extend_schema(request=serializers.StepUpInput, responses={204: OpenApiResponse(description="It is off.")})
    def post(self, request: Request) -> Response:
        """Ask for password and code once more, then turn it off."""
        actor = step_up(request)
        second_factor.disable(current_user(request), by=actor)
        return Response(status=204)


class BackupCodesView(APIView):
    """Replace the backup codes."""

    @extend_schema(request=serializers.StepUpInput, responses=serializers.BackupCodesOutput)
    def post(self, request: Request) -> Response:
        """Ask for password and code once more, then answer ten new codes."""
        actor = step_up(request)
        return Response({"backup_codes": second_factor.regenerate_backup_codes(current_user(request), by=actor)})


class SecondFactorStatusView(APIView):
    """Whether the second factor is on."""

    @extend_schema(responses=serializers.SecondFactorStatus)
    def get(self, request: Request) -> Response:
        """Answer its state."""
        user = current_user(request)
        left = user.backup_codes.unused().count() if user.totp_enabled else 0
        return Response({"enabled": user.totp_enabled, "backup_codes_left": left})


class RegisterView(PublicView):
    """Make an account."""

    throttle_classes = [OrdinaryLimit, RegisterLimit]

    @extend_schema(request=serializers.RegisterInput, responses={201: serializers.ProfileOutput})
    def post(self, request: Request) -> Response:
        """Answer the new profile."""
        form = serializers.RegisterInput(data=request.data)
        form.is_valid(raise_exception=True)
        user = registration.register(**form.validated_data, by=Actor.from_request(request))
        return Response(serializers.ProfileOutput(user).data, status=201)


class SessionViewSet(ListModelMixin, GenericViewSet):
    """The places where a person is logged in."""

    queryset = Session.objects.none()  # for the schema; a person's own below
    serializer_class = serializers.SessionOutput

    def get_queryset(self) -> QuerySet[Session]:
        """Return one's own live sessions."""
        return Session.objects.live().filter(user=current_user(self.request))

    def destroy(self, request: Request, pk: UUID) -> Response:
        """End one of them."""
        sessions.end_session(current_user(request), pk, by=Actor.from_request(request), reason="ended by the owner")
        return Response(status=204)


def step_up(request: Request) -> Actor:
    """Return who asks, once the request itself has proved it (see users/services/step_up.py)."""
    form = serializers.StepUpInput(data=request.data)
    form.is_valid(raise_exception=True)
    actor = Actor.from_request(request)
    require_step_up(current_user(request), **form.validated_data, by=actor)
    return actor


def token_pair(session: Session) -> dict[str, object]:
    """Return the first tokens of a new session."""
    first = RefreshToken.of(session, session.generation)
    return {"access": str(AccessToken.of(session)), "refresh": str(first), "requires_2fa": False}
