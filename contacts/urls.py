from django.urls import path

from contacts import views

urlpatterns = [
    path("contacts/", views.ContactsView.as_view({"get": "list", "post": "create"}), name="contacts"),
    path("contacts/<uuid:pk>/", views.ContactView.as_view(), name="contact"),
    path("contacts/<uuid:pk>/respond/", views.RespondView.as_view(), name="contact-respond"),
    path("contacts/<uuid:pk>/close/", views.CloseView.as_view(), name="contact-close"),
]
