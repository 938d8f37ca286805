"""Certificates over HTTP."""

from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from courses.certificate_pdf import draw_certificate
from courses.enrollment_views import visible_enrollment
from courses.serializers.certificates import OwnCertificate, PublicCertificate
from courses.services.certificates import certificate_of, certificate_to_print, find_certificate
from titanobova.api import APIView
from users.authentication import OptionalBearerAuthentication


class CertificateView(APIView):
    """The certificate of an enrolment."""

    @extend_schema(responses=OwnCertificate)
    def get(self, request: Request, pk: UUID) -> Response:
        """Answer it to its holder and to staff."""
        certificate = certificate_of(visible_enrollment(request, pk))
        return Response(OwnCertificate(certificate, context={"request": request}).data)


class CertificatePDFView(APIView):
    """The certificate to be printed."""

    def perform_content_negotiation(self, request: Request, force: bool = False) -> tuple[BaseRenderer, str]:
        """Return the renderer of refusals, JSON, whatever is asked for: who asks for a PDF must not get a 406."""
        return super().perform_content_negotiation(request, force=True)

    @extend_schema(responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    def get(self, request: Request, pk: UUID) -> HttpResponse:
        """Answer it as a PDF to its holder and to staff."""
        certificate = certificate_to_print(visible_enrollment(request, pk))
        name = f'inline; filename="certificate-{certificate.code}.pdf"'
        return HttpResponse(
            draw_certificate(certificate), content_type="application/pdf", headers={"Content-Disposition": name}
        )


class PublicCertificateView(APIView):
    """What anyone may know of a certificate."""

    authentication_classes = [OptionalBearerAuthentication]
    permission_classes = [AllowAny]

    @extend_schema(responses=PublicCertificate)
    def get(self, request: Request, code: str) -> Response:
        """Answer what was certified, and whether it still counts."""
        return Response(PublicCertificate(find_certificate(code)).data)
