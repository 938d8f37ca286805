"""What certificates look like over HTTP."""

from rest_framework import serializers
from rest_framework.reverse import reverse

from courses.models import Certificate
from courses.services.certificates import address_of
from titanobova.serializers import ModelSerializer


class PublicCertificate(ModelSerializer[Certificate]):
    """A certificate as anyone may see it who holds its code."""

    holder_name = serializers.CharField(source="holder", help_text="Empty once the holder was erased.")
    valid = serializers.BooleanField(source="is_valid")
    verification_url = serializers.SerializerMethodField()

    class Meta:
        model = Certificate
        fields = [
            "code",
            "valid",
            "holder_name",
            "course_title",
            "duration_hours",
            "issued_at",
            "revoked_at",
            "verification_url",
        ]

    def get_verification_url(self, certificate: Certificate) -> str:
        """Return where anyone can verify it."""
        return address_of(certificate)


class OwnCertificate(PublicCertificate):
    """A certificate as its holder sees it."""

    pdf_url = serializers.SerializerMethodField()

    class Meta(PublicCertificate.Meta):
        fields = [*PublicCertificate.Meta.fields, "pdf_url"]

    def get_pdf_url(self, certificate: Certificate) -> str:
        """Return where it is to be had for printing, in the version of the API that was asked."""
        request = self.context["request"]
        name = f"{request.resolver_match.namespace}:certificate-pdf"
        return reverse(name, args=[certificate.enrollment_id], request=request)
