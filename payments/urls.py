from django.urls import path

from payments import document_views, views

urlpatterns = [
    path("create_payment_intent/", views.CreatePaymentIntentView.as_view(), name="create-payment-intent"),
    path("webhook/", views.WebhookView.as_view(), name="stripe-webhook"),
    path("", views.PaymentViewSet.as_view({"get": "list"}), name="payments"),
    path("<uuid:pk>/", views.PaymentViewSet.as_view({"get": "retrieve"}), name="payment"),
    path("<uuid:pk>/refund/", views.RefundView.as_view(), name="refund"),
    path("<uuid:pk>/receipt/", document_views.ReceiptView.as_view(), name="receipt"),
    path("<uuid:pk>/receipt.pdf", document_views.ReceiptPDFView.as_view(), name="receipt-pdf"),
    path("documents/<uuid:pk>/", document_views.DocumentView.as_view(), name="payment-document"),
    path("documents/<uuid:pk>.pdf", document_views.DocumentPDFView.as_view(), name="payment-document-pdf"),
]
