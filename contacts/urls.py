from django.urls import path

from contacts import views

urlpatterns = [
    path("contacts/", views.ContactsView.as_view({"get": "list", "post": "create"}), name="contacts"),
    path("contacts/export.csv", views.CsvExportView.as_view(), name="contacts-csv"),
    path("contacts/export.jsonl", views.JsonLinesExportView.as_view(), name="contacts-jsonl"),
    path("contacts/<uuid:pk>/", views.ContactView.as_view(), name="contact"),
    path("contacts/<uuid:pk>/respond/", views.RespondView.as_view(), name="contact-respond"),
    path("contacts/<uuid:pk>/close/", views.CloseView.as_view(), name="contact-close"),
    path("contacts/<uuid:pk>/mark_spam/", views.MarkSpamView.as_view(), name="contact-mark-spam"),
    path("contacts/<uuid:pk>/unmark_spam/", views.UnmarkSpamView.as_view(), name="contact-unmark-spam"),
]
