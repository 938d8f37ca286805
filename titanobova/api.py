"""The ground under every endpoint: the view bases and the one shape of refusals."""

import errno
import logging
import sys
from typing import Any, NoReturn

from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect, JsonResponse
from django.urls import resolve
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions, serializers, status, views, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from titanobova.errors import DomainError, FieldError, InsufficientStorage, TemporarilyUnavailable
from titanobova.security_events import record_security_event
from titanobova.serializers import Serializer

logger = logging.getLogger("titanobova.api")

FULL_DISK = frozenset({errno.ENOSPC, errno.EDQUOT})


class SecondFactorRequired(exceptions.NotAuthenticated):
    """The bearer's password was right and the second factor is still to come."""

    default_detail = "Confirm the login with your second factor first."
    default_code = "two_factor_required"


class APIView(views.APIView):
    """A use case: usually one verb.

    A request counts against its limits before anything else can refuse it; DRF counts after it has checked who asks and
    whether they may, so that an attacker's refused tries are free.
    """

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Prepare the request: authenticate, count, negotiate, then ask for permission."""
        self.format_kwarg = self.get_format_suffix(**kwargs)
        try:
            self.perform_authentication(request)
        finally:
            self.check_throttles(request)
        request.accepted_renderer, request.accepted_media_type = self.perform_content_negotiation(request)
        request.version, request.versioning_scheme = self.determine_version(request, *args, **kwargs)
        self.check_permissions(request)

    def permission_denied(self, request: Request, message: str | None = None, code: str | None = None) -> NoReturn:
        """Refuse; who still owes the second factor is told so."""
        if request.META.get("titanobova.second_factor_pending"):
            raise SecondFactorRequired
        super().permission_denied(request, message=message, code=code)


class GenericViewSet(APIView, viewsets.GenericViewSet[Any]):
    """A resource: list, retrieve and what belongs to them."""


class OneLineField(serializers.CharField):
    """Text of one line: line breaks, with which an attacker would add headers to a mail, become spaces."""

    def to_internal_value(self, data: Any) -> str:
        """Return the text on one line."""
        return " ".join(str(super().to_internal_value(data)).split())


class OptionalText(serializers.CharField):
    """Text that may be left out; null says the same as nothing, as forms of a browser send it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, allow_blank=True, allow_null=True, **options)

    def validate_empty_values(self, data: Any) -> tuple[bool, Any]:
        """Return whether the text is settled already, and it."""
        return (True, "") if data is None else super().validate_empty_values(data)


class OptionalLine(OptionalText, OneLineField):
    """One line that may be left out."""


class ClosedSerializer(Serializer):
    """Input that refuses members it does not know: a misspelt field is an error, not a silent default."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the validated members.

        :raises ValidationError: for an unknown member as for a bad one.
        """
        unknown = sorted(set(data) - set(self.fields)) if isinstance(data, dict) else []
        if unknown:
            raise serializers.ValidationError(
                {name: ["This field is not known here."] for name in unknown[:10]}, "unknown"
            )
        return super().to_internal_value(data)


def answer_refusal(error: Exception, context: dict[str, Any]) -> Response | None:
    """Turn what a view raised into `{"detail", "code", "errors"?}`; None leaves a defect to the 500 page.

    Set as DRF's EXCEPTION_HANDLER, so that no view needs a try of its own.
    """
    if outage := outage_of(error):
        return _answer(outage.status, outage.code, outage.text, retry_after=outage.retry_after)
    if isinstance(error, DomainError):
        return _answer_domain_error(error)
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    if not isinstance(error, exceptions.APIException):
        return None
    if error.status_code == status.HTTP_403_FORBIDDEN:
        record_security_event(context["request"], "access.denied", {})
    return _answer_api_exception(error)


def outage_of(error: BaseException | None) -> DomainError | None:
    """Return the refusal that tells of a part of ours that is out of order, or None where nothing of the kind is."""
    if isinstance(error, OperationalError | InterfaceError):
        logger.error("The database does not answer.", exc_info=error)
        return TemporarilyUnavailable(retry_after=2)
    if isinstance(error, OSError) and error.errno in FULL_DISK:
        logger.error("A disk is full.", exc_info=error)
        return InsufficientStorage(retry_after=60)
    return None


def _answer_domain_error(error: DomainError) -> Response:
    errors = None
    if isinstance(error, FieldError):
        errors = {error.field: [{"message": error.reason, "code": error.reason_code}]}
    response = _answer(error.status, error.code, error.text, errors=errors, retry_after=error.retry_after)
    response.data |= error.details
    if error.status == status.HTTP_401_UNAUTHORIZED:
        response["WWW-Authenticate"] = 'Bearer realm="api"'
    return response


def _answer_api_exception(error: exceptions.APIException) -> Response:
    if isinstance(error, exceptions.ValidationError):
        return _answer(400, "invalid", "Some fields are not valid.", errors=_flatten(error.get_full_details()))
    wait = getattr(error, "wait", None)
    code = error.get_codes()
    code = code if isinstance(code, str) else error.default_code
    code = {"throttled": "rate_limited", "not_authenticated": "not_authenticated"}.get(code, code)
    text = (
        str(error.detail)
        if not isinstance(error.detail, dict)
        else str(error.detail.get("detail", error.default_detail))
    )
    response = _answer(error.status_code, code, text, retry_after=wait and int(wait))
    if error.status_code == status.HTTP_401_UNAUTHORIZED:
        response["WWW-Authenticate"] = getattr(error, "auth_header", 'Bearer realm="api"')
    return response


def _answer(
    status_code: int, code: str, detail: str, *, errors: object = None, retry_after: int | None = None
) -> Response:
    body: dict[str, object] = {"detail": detail, "code": code}
    if errors is None and status_code == status.HTTP_400_BAD_REQUEST:
        errors = {"non_field_errors": [{"message": detail, "code": code}]}
    if errors is not None:
        body["errors"] = errors
    headers = {"Retry-After": str(retry_after)} if retry_after is not None else None
    return Response(body, status=status_code, headers=headers)


def _flatten(details: Any, prefix: str = "") -> dict[str, list[dict[str, str]]]:
    """Return `{"lessons.0.title": [{message, code}]}` from DRF's nested details."""
    if _is_one_error(details):
        details = [details]
    if isinstance(details, list) and all(_is_one_error(item) for item in details if item):
        return {prefix or "non_field_errors": [{key: str(item[key]) for key in item} for item in details if item]}
    pairs = details.items() if isinstance(details, dict) else enumerate(details)
    flat: dict[str, list[dict[str, str]]] = {}
    for key, inner in pairs:
        if inner:
            flat |= _flatten(inner, f"{prefix}.{key}" if prefix else str(key))
    return flat


def _is_one_error(details: Any) -> bool:
    """Whether this is DRF's {message, code}, and not the errors of two fields with these names."""
    return isinstance(details, dict) and isinstance(details.get("message"), str) and set(details) == {"message", "code"}


def page_for_api_or_people(status_code: int, code: str, detail: str) -> JsonResponse:
    """Answer an error outside any view (no such path, a defect) in the one shape."""
    return JsonResponse({"detail": detail, "code": code}, status=status_code)


@csrf_exempt  # or a program that forgot the slash would be told of a cookie that it has no use for
def unknown_path(request: HttpRequest, rest: str) -> HttpResponse:
    """Answer an address of the API that does not exist in the one shape, in development too.

    Where only the slash at the end is missing, a read is sent on; a write is refused with words, because a redirect
    would lose its body.
    """
    with_slash = f"{request.path}/"
    if request.path.endswith("/") or resolve(with_slash).func is unknown_path:
        return page_for_api_or_people(404, "not_found", "There is nothing at this address.")
    if request.method in {"GET", "HEAD"}:
        query = request.META.get("QUERY_STRING", "")
        return HttpResponsePermanentRedirect(f"{with_slash}?{query}" if query else with_slash)
    return page_for_api_or_people(404, "slash_missing", f"The address ends with a slash: {with_slash}")


def bad_request(request: HttpRequest, exception: Exception) -> JsonResponse:
    """handler400: a request that Django itself refuses, such as one with a foreign Host header."""
    return page_for_api_or_people(400, "bad_request", "The request cannot be understood.")


def permission_denied(request: HttpRequest, exception: Exception) -> JsonResponse:
    """handler403: a page of the admin that this member of the staff may not see."""
    record_security_event(request, "access.denied", {})
    return page_for_api_or_people(403, "permission_denied", "You may not do this.")


def not_found(request: HttpRequest, exception: Exception) -> JsonResponse:
    """handler404."""
    return page_for_api_or_people(404, "not_found", "There is nothing at this address.")


def server_error(request: HttpRequest) -> JsonResponse:
    """handler500: no detail of the defect; its log line carries the request's id.

    A page outside the API, or a middleware, may have met an outage; that is no defect, and passes.
    """
    if outage := outage_of(sys.exc_info()[1]):
        response = page_for_api_or_people(outage.status, outage.code, outage.text)
        response["Retry-After"] = str(outage.retry_after)
        return response
    return page_for_api_or_people(500, "server_error", "Something went wrong on our side. It has been recorded.")
