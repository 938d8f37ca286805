from django.urls import include, path

from courses import catalogue_views, editing_views, lesson_views

# `<slug:...>` matches an id as well as a slug, and nothing that a database could choke on.
urlpatterns = [
    path("courses/", editing_views.CoursesView.as_view({"get": "list", "post": "create"}), name="catalogue"),
    path(
        "courses/<slug:key>/",
        editing_views.CoursesView.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
        name="course",
    ),
    path("courses/<slug:key>/publish/", editing_views.PublishView.as_view(), name="publish"),
    path("courses/<slug:key>/unpublish/", editing_views.UnpublishView.as_view(), name="unpublish"),
    path("courses/<slug:key>/thumbnail/", editing_views.ThumbnailView.as_view(), name="thumbnail"),
    path(
        "courses/<slug:key>/lessons/",
        lesson_views.CourseLessonsView.as_view({"get": "list", "post": "create"}),
        name="lessons",
    ),
    path("courses/<slug:key>/lessons/order/", lesson_views.LessonOrderView.as_view(), name="lesson-order"),
    path("lessons/<uuid:pk>/", lesson_views.LessonView.as_view(), name="lesson"),
    path("categories/", catalogue_views.CategoriesView.as_view({"get": "list"}), name="categories"),
    path("taught/", editing_views.TaughtView.as_view({"get": "list"}), name="taught"),
    path("", include("courses.enrollment_urls")),
]
