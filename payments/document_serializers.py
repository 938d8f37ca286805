"""What documents look like over HTTP."""

from rest_framework import serializers
from rest_framework.reverse import reverse

from payments.models import Document
from titanobova.serializers import ModelSerializer


class DocumentOutput(ModelSerializer[Document]):
    """A receipt, a credit note, or a correction of one; its amounts are those that it says."""

    number = serializers.CharField(source="number_text")
    refers_to = serializers.CharField(source="refers_to.number_text", default=None, allow_null=True)
    gross = serializers.CharField(source="gross_text")
    tax = serializers.CharField(source="tax_text")
    net = serializers.CharField(source="net_text")
    tax_rate = serializers.CharField(source="tax_rate_text", help_text="Percent.")
    page_url = serializers.SerializerMethodField()
    pdf_url = serializers.SerializerMethodField()

    class Meta:
        model = Document
        fields = [
            "id",
            "kind",
            "number",
            "refers_to",
            "issued_at",
            "subject",
            "currency",
            "gross",
            "tax",
            "net",
            "tax_rate",
            "tax_name",
            "page_url",
            "pdf_url",
        ]
        read_only_fields = fields

    def get_page_url(self, document: Document) -> str:
        """Return where it is to be read, in the version of the API that was asked."""
        return self._address("payment-document", document)

    def get_pdf_url(self, document: Document) -> str:
        """Return where it is to be had for filing."""
        return self._address("payment-document-pdf", document)

    def _address(self, name: str, document: Document) -> str:
        request = self.context["request"]
        return reverse(f"{request.resolver_match.namespace}:{name}", args=[document.pk], request=request)
