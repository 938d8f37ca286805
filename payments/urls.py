from django.urls import path

from payments import views

urlpatterns = [
    path("create_payment_intent/", views.CreatePaymentIntentView.as_view(), name="create-payment-intent"),
    path("webhook/", views.WebhookView.as_view(), name="stripe-webhook"),
    path("", views.PaymentViewSet.as_view({"get": "list"}), name="payments"),
    path("<uuid:pk>/", views.PaymentViewSet.as_view({"get": "retrieve"}), name="payment"),
    path("<uuid:pk>/refund/", views.RefundView.as_view(), name="refund"),
]
