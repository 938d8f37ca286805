from django.urls import path

from titanobova.site.mail.views import MailEventsView

urlpatterns = [path("events/", MailEventsView.as_view(), name="mail-events")]
