"""Courses and lessons in the admin."""

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import models, transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponseBase

from audit.actor import Actor
from audit.admin import AuditedModelAdmin
from audit.lists import ValuesInUse
from courses.models import Course, Lesson
from courses.services.editing import (
    CourseNotReady,
    SeatsTaken,
    SlugIsPublic,
    publish_course,
    require_seats_for_all,
    unpublish_course,
)
from courses.services.finding import UnknownCourse, lock_course
from courses.services.lessons import MAX_LESSONS, UnknownLesson, remove_lesson
from courses.services.thumbnails import discard_file
from titanobova.errors import FieldError
from users.pictures import redraw

if TYPE_CHECKING:  # Django's forms know of their models only in the stubs
    FormOfCourse = forms.ModelForm[Course]
    FormOfLesson = forms.ModelForm[Lesson]
else:
    FormOfCourse = FormOfLesson = forms.ModelForm


class CourseForm(FormOfCourse):
    """What staff change of a course, under the rules of the API."""

    def _post_clean(self) -> None:
        """Refuse a new price that nobody could pay; who mends a title is not told of an old one."""
        super()._post_clean()  # type: ignore[misc]  # not in the stubs
        changed = {"price", "currency"}.intersection(self.changed_data)
        if changed and not self.errors and (reason := self.instance.why_unpayable):
            self.add_error("price", reason)

    def clean_slug(self) -> Any:
        """Refuse to change the address of a course that is out in the world."""
        if "slug" in self.changed_data and self.instance.is_published:
            raise ValidationError(SlugIsPublic.message, SlugIsPublic.code)
        return self.cleaned_data["slug"]

    def clean_capacity(self) -> Any:
        """Refuse to take seats away that people have.

        The admin saves in the same transaction, so the course's lock holds off who would take one meanwhile.
        """
        capacity = self.cleaned_data["capacity"]
        if "capacity" in self.changed_data and not self.instance._state.adding:
            locked = lock_course(self.instance)
            locked.capacity = capacity
            try:
                require_seats_for_all(locked)
            except SeatsTaken as refused:
                raise ValidationError(refused.text, refused.code) from None
        return capacity

    def clean_thumbnail(self) -> Any:
        """Return the picture drawn anew, as every picture here is; one that stays is not sent again."""
        picture = self.cleaned_data["thumbnail"]
        if not isinstance(picture, UploadedFile):
            return picture
        try:
            return redraw(picture)
        except FieldError as refused:
            raise ValidationError(refused.reason, refused.reason_code) from None


@admin.register(Course)
class CourseAdmin(AuditedModelAdmin):
    """The catalogue, drafts included. The actions alone publish: they look first whether a course is ready."""

    form = CourseForm
    list_display = ["title", "category", "level", "price", "currency", "capacity", "is_published", "is_featured"]
    list_filter = [
        "is_published",
        "is_featured",
        "is_imported",
        "level",
        ("category", ValuesInUse),
        ("currency", ValuesInUse),
    ]
    search_fields = ["title", "category", "description"]
    searches_words = True
    sortable_by = ["title"]
    prepopulated_fields = {"slug": ["title"]}
    autocomplete_fields = ["instructor"]
    readonly_fields = ["is_published", "is_imported", "created_at", "updated_at"]
    actions = ["publish", "unpublish"]
    export_fields = [
        "id",
        "title",
        "slug",
        "category",
        "level",
        "price",
        "currency",
        "duration_hours",
        "capacity",
        "instructor__email",
        "is_published",
        "is_featured",
        "is_imported",
        "created_at",
        "updated_at",
    ]

    def save_model(self, request: HttpRequest, obj: Model, form: "forms.ModelForm[Any]", change: bool) -> None:
        """Save; the file of the picture before this one goes with the commit."""
        with transaction.atomic():
            if change and "thumbnail" in form.changed_data:
                discard_file(form.initial["thumbnail"].name)
            super().save_model(request, obj, form, change)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete, with the file of the picture."""
        with transaction.atomic():
            discard_file(obj.thumbnail.name)
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Delete the chosen courses, with the files of their pictures."""
        with transaction.atomic():
            for course in queryset:
                discard_file(course.thumbnail.name)
            super().delete_queryset(request, queryset)

    @admin.action(description="Publish", permissions=["change"])
    def publish(self, request: HttpRequest, chosen: QuerySet[Course]) -> None:
        """Put the chosen courses into the catalogue, and say which are not ready."""
        for course in chosen:
            try:
                publish_course(course, by=Actor.from_request(request))
            except CourseNotReady as refused:
                self.message_user(request, f"{course}: {refused.text}", messages.ERROR)

    @admin.action(description="Take out of the catalogue", permissions=["change"])
    def unpublish(self, request: HttpRequest, chosen: QuerySet[Course]) -> None:
        """Make the chosen courses drafts again."""
        for course in chosen:
            unpublish_course(course, by=Actor.from_request(request))


class LessonForm(FormOfLesson):
    """What staff change of a lesson, under the rules of the API."""

    def clean_position(self) -> Any:
        """Refuse a place that no lesson of a course may have, or that another one has.

        Django looks for the other one only where the course can be chosen, which is on a new lesson.
        """
        position = self.cleaned_data["position"]
        if not 1 <= position <= MAX_LESSONS:
            raise ValidationError(f"A position is between 1 and {MAX_LESSONS}.", "invalid")
        same = Lesson.objects.filter(course=self.instance.course_id, position=position)
        if same.exclude(pk=self.instance.pk).exists():
            raise ValidationError("A lesson of this course with this position already exists.", "unique")
        return position


@admin.register(Lesson)
class LessonAdmin(AuditedModelAdmin):
    """The steps of the courses; a page of their own, because an inline form would write no audit row."""

    form = LessonForm
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}
    list_display = ["course", "position", "title"]
    ordering = ["-course_id", "position"]
    search_fields = ["title", "course__title"]
    searches_words = True
    search_help_text = "Words of a lesson's title, or of a course."
    autocomplete_fields = ["course"]
    list_select_related = ["course"]

    def hold_first(self, found: Any) -> None:
        """Hold the course, as all do who change its lessons."""
        with suppress(UnknownCourse):  # the lesson is gone with it
            lock_course(found.course)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """A lesson stays in its course: how far people are in it counts there."""
        return ["course"] if obj is not None else []

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        """Delete without Django's transaction around it all: the service has one for each enrolment that it holds."""
        response: HttpResponseBase = self._delete_view(request, object_id, extra_context)
        return response

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete as the API does: those behind it move up, and whoever has done all others is through."""
        with suppress(UnknownLesson, UnknownCourse):  # it is gone, as wished
            remove_lesson(obj, by=Actor.from_request(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Delete the chosen lessons, one after the other."""
        for lesson in queryset.select_related("course"):
            self.delete_model(request, lesson)
