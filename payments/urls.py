from django.urls import URLPattern, URLResolver, include, path
from rest_framework.routers import SimpleRouter

from payments.views import CreatePaymentIntentView, PaymentViewSet, WebhookView

router = SimpleRouter()
router.register("", PaymentViewSet, basename="payment")

urlpatterns: list[URLPattern | URLResolver] = [
    path("create_payment_intent/", CreatePaymentIntentView.as_view(), name="create-payment-intent"),
    path("webhook/", WebhookView.as_view(), name="stripe-webhook"),
    path("", include(router.urls)),
]
