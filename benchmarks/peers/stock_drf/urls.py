from django.urls import include, path
from rest_framework.routers import DefaultRouter

from stock_drf.views import ContactViewSet, CourseViewSet, ProfileView

router = DefaultRouter()
router.register("courses/courses", CourseViewSet, basename="course")
router.register("contacts/contacts", ContactViewSet, basename="contact")

urlpatterns = [
    path("api/v1/users/profile/", ProfileView.as_view()),
    path("api/v1/", include(router.urls)),
]
