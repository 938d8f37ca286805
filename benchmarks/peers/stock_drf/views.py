"""The API: three view classes out of DRF's box."""

from rest_framework.generics import RetrieveAPIView
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.viewsets import ModelViewSet

from stock_drf.models import Contact, Course
from stock_drf.serializers import ContactSerializer, CourseDetailSerializer, CourseSerializer, ProfileSerializer


class CourseViewSet(ModelViewSet):
    """The published courses."""

    queryset = Course.objects.filter(is_published=True).select_related("instructor").order_by("-created_at", "-id")
    lookup_field = "slug"

    def get_queryset(self):
        """Return the courses, with their lessons where one is asked for."""
        found = super().get_queryset()
        return found if self.action == "list" else found.prefetch_related("lessons")

    def get_serializer_class(self):
        """Return how a course looks in the list, or alone."""
        return CourseSerializer if self.action == "list" else CourseDetailSerializer


class ProfileView(RetrieveAPIView):
    """The person who asks."""

    serializer_class = ProfileSerializer
    permission_classes = [IsAuthenticated]

    def get_object(self):
        """Return whom the token names."""
        return self.request.user


class ContactViewSet(ModelViewSet):
    """The contact form."""

    queryset = Contact.objects.order_by("-created_at")
    serializer_class = ContactSerializer
    permission_classes = [AllowAny]

    def perform_create(self, serializer):
        """Store the message with where it came from."""
        serializer.save(
            email_canonical=serializer.validated_data["email"].lower(),
            ip_address=self.request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")[-1].strip() or None,
            user_agent=self.request.META.get("HTTP_USER_AGENT", "")[:300],
        )
