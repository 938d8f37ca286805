from django.urls import path

from courses import certificate_views, enrollment_views, progress_views, request_views

urlpatterns = [
    path("courses/<slug:key>/enroll/", enrollment_views.EnrollView.as_view(), name="enroll"),
    path("enrollments/", enrollment_views.OwnEnrollmentsView.as_view({"get": "list"}), name="enrollments"),
    path("enrollments/grant/", enrollment_views.GiveView.as_view(), name="grant-enrollment"),
    path("enrollments/<uuid:pk>/", enrollment_views.EnrollmentView.as_view(), name="enrollment"),
    path("enrollments/<uuid:pk>/cancel/", enrollment_views.CancelEnrollmentView.as_view(), name="cancel-enrollment"),
    path("enrollments/<uuid:pk>/withdraw/", enrollment_views.TakeBackView.as_view(), name="withdraw-enrollment"),
    path(
        "enrollments/<uuid:pk>/complete/", enrollment_views.CompleteEnrollmentView.as_view(), name="complete-enrollment"
    ),
    path("enrollments/<uuid:pk>/certificate/", certificate_views.CertificateView.as_view(), name="certificate"),
    path(
        "enrollments/<uuid:pk>/certificate.pdf", certificate_views.CertificatePDFView.as_view(), name="certificate-pdf"
    ),
    path("certificates/<slug:code>/", certificate_views.PublicCertificateView.as_view(), name="public-certificate"),
    path("lessons/<uuid:pk>/progress/", progress_views.LessonProgressView.as_view(), name="lesson-progress"),
    path("lessons/<uuid:pk>/complete/", progress_views.CompleteLessonView.as_view(), name="complete-lesson"),
    path(
        "enrollment-requests/",
        request_views.EnrollmentRequestsView.as_view({"get": "list", "post": "create"}),
        name="enrollment-requests",
    ),
]
