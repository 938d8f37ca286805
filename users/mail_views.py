"""The mail flows of accounts over HTTP. What mails a link answers alike whether or not there is an account."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from audit.actor import Actor
from titanobova.api import APIView
from titanobova.throttling import OrdinaryLimit, RegisterLimit, ResetLimit
from users import mail_serializers as serializers
from users.authentication import OptionalBearerAuthentication, current_user
from users.services import addresses, passwords
from users.views import PublicView


class VerifyEmailView(PublicView):
    """Prove that one reads the mail of an account."""

    @extend_schema(request=serializers.LinkInput, responses=serializers.Done)
    def post(self, request: Request) -> Response:
        """Note the address as proved."""
        form = serializers.LinkInput(data=request.data)
        form.is_valid(raise_exception=True)
        addresses.verify_email(**form.validated_data, by=Actor.from_request(request))
        return done("Your e-mail address is confirmed.")


class ResendVerificationView(PublicView):
    """Ask for another link that proves an address."""

    throttle_classes = [OrdinaryLimit, RegisterLimit]

    @extend_schema(request=serializers.AddressInput, responses={202: serializers.Done})
    def post(self, request: Request) -> Response:
        """Mail the link if an account waits for it."""
        form = serializers.AddressInput(data=request.data)
        form.is_valid(raise_exception=True)
        addresses.resend_verification(**form.validated_data, by=Actor.from_request(request))
        return done("If an account waits for this address to be confirmed, we have mailed a link to it.", status=202)


class ChangePasswordView(APIView):
    """Choose a new password."""

    @extend_schema(request=serializers.ChangePasswordInput, responses=serializers.Done)
    def post(self, request: Request) -> Response:
        """Set it, and end all other sessions."""
        form = serializers.ChangePasswordInput(data=request.data)
        form.is_valid(raise_exception=True)
        passwords.change_password(current_user(request), **form.validated_data, by=Actor.from_request(request))
        return done("Your password is changed. All other sessions have ended.")


class ChangeEmailView(APIView):
    """Ask for another e-mail address."""

    throttle_classes = [OrdinaryLimit, ResetLimit]

    @extend_schema(request=serializers.ChangeEmailInput, responses={202: serializers.Done})
    def post(self, request: Request) -> Response:
        """Mail a link to the new address; nothing changes before it is confirmed."""
        form = serializers.ChangeEmailInput(data=request.data)
        form.is_valid(raise_exception=True)
        addresses.change_email(current_user(request), **form.validated_data, by=Actor.from_request(request))
        return done("Open the mail that we sent to the new address and confirm it there.", status=202)


class ConfirmEmailView(PublicView):
    """Confirm the new address; the session that comes along, if any, is the one that stays."""

    authentication_classes = [OptionalBearerAuthentication]

    @extend_schema(request=serializers.LinkInput, responses=serializers.Done, auth=[])
    def post(self, request: Request) -> Response:
        """Change the address, and end all other sessions."""
        form = serializers.LinkInput(data=request.data)
        form.is_valid(raise_exception=True)
        addresses.confirm_email(**form.validated_data, by=Actor.from_request(request))
        return done("Your e-mail address is changed. Log in with it from now on.")


class PasswordResetView(PublicView):
    """Ask for a link to choose a new password."""

    throttle_classes = [OrdinaryLimit, ResetLimit]

    @extend_schema(request=serializers.AddressInput, responses={202: serializers.Done})
    def post(self, request: Request) -> Response:
        """Mail the link if there is such an account."""
        form = serializers.AddressInput(data=request.data)
        form.is_valid(raise_exception=True)
        passwords.ask_for_reset(**form.validated_data, by=Actor.from_request(request))
        return done("If there is an account with this address, we have mailed a link to it.", status=202)


class PasswordResetConfirmView(PublicView):
    """Choose a new password by a mailed link."""

    @extend_schema(request=serializers.ResetInput, responses=serializers.Done)
    def post(self, request: Request) -> Response:
        """Set it, end all sessions and take a lock off."""
        form = serializers.ResetInput(data=request.data)
        form.is_valid(raise_exception=True)
        passwords.reset_password(**form.validated_data, by=Actor.from_request(request))
        return done("Your password is changed. Log in with it now.")


class UnlockView(PublicView):
    """Take a lock off by a mailed link."""

    @extend_schema(request=serializers.LinkInput, responses=serializers.Done)
    def post(self, request: Request) -> Response:
        """Let the account in again."""
        form = serializers.LinkInput(data=request.data)
        form.is_valid(raise_exception=True)
        passwords.unlock_by_link(**form.validated_data, by=Actor.from_request(request))
        return done("Your account is unlocked. You can log in again.")


def done(detail: str, *, status: int = 200) -> Response:
    """Return the answer that says what happened."""
    return Response({"detail": detail}, status=status)
