from django.urls import path

from courses import catalogue_views, views

# `<slug:...>` matches an id as well as a slug, and nothing that a database could choke on.
urlpatterns = [
    path("courses/", catalogue_views.CatalogueView.as_view({"get": "list"}), name="catalogue"),
    path("courses/<slug:key>/", catalogue_views.CatalogueView.as_view({"get": "retrieve"}), name="course"),
    path("courses/<slug:key>/enroll/", views.EnrollView.as_view(), name="enroll"),
    path("enrollments/", views.OwnEnrollmentsView.as_view({"get": "list"}), name="enrollments"),
    path(
        "enrollment-requests/",
        views.EnrollmentRequestsView.as_view({"get": "list", "post": "create"}),
        name="enrollment-requests",
    ),
]
