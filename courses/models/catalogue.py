"""Courses and their lessons."""

from decimal import Decimal
from functools import reduce
from operator import or_
from typing import Self
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length, Lower
from django.db.models.lookups import Exact
from django.utils import timezone

from courses.money import is_payable, price_text
from titanobova.ids import uuid7

is_currency_code = RegexValidator(r"\A[a-z]{3}\Z", "A currency is three small letters, such as usd (ISO 4217).")


def default_currency() -> str:
    """Return what a price is in unless somebody says otherwise."""
    return str(settings.DEFAULT_CURRENCY)


def reads_as_id(slug_or_id: str) -> bool:
    """Return whether an address names a course by its id."""
    try:
        UUID(slug_or_id)
    except ValueError:
        return False
    return True


class CourseQuerySet(models.QuerySet["Course"]):
    """Which courses."""

    def published(self) -> Self:
        """Courses that anyone may see."""
        return self.filter(is_published=True)

    def named(self, slug_or_id: str) -> Self:
        """The course with this slug or id.

        Whatever reads as an id is only looked up as an id, so that no slug can stand in for another course's id.
        """
        return self.filter(pk=slug_or_id) if reads_as_id(slug_or_id) else self.filter(slug=slug_or_id)

    def matching(
        self,
        *,
        search: str = "",
        min_price: Decimal | None = None,
        max_price: Decimal | None = None,
        ordering: str = "-created_at",
        **exactly: str,
    ) -> Self:
        """Courses with these words, prices in between and exactly this category and level, in a stable order."""
        found = self.filter(**exactly)
        if search:
            places = ("title", "category", "description")
            found = found.filter(reduce(or_, [Q(**{f"{place}__icontains": search}) for place in places]))
        if min_price is not None:
            found = found.filter(price__gte=min_price)
        if max_price is not None:
            found = found.filter(price__lte=max_price)
        return found.order_by(ordering, "-id")


class Course(models.Model):
    """Something to learn. Without `capacity` anyone finds a seat; a price of 0 means free."""

    class Level(models.TextChoices):
        """Whom it is for."""

        BEGINNER = "beginner"
        INTERMEDIATE = "intermediate"
        ADVANCED = "advanced"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    title = models.CharField(max_length=255)
    slug = models.SlugField(max_length=120, unique=True)
    description = models.TextField(blank=True)
    instructor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="taught_courses"
    )
    category = models.CharField(max_length=100, blank=True)
    level = models.CharField(max_length=20, choices=Level.choices, blank=True)
    price = models.DecimalField(max_digits=12, decimal_places=3, default=0, validators=[MinValueValidator(0)])
    currency = models.CharField(max_length=3, default=default_currency, validators=[is_currency_code])
    duration_hours = models.PositiveSmallIntegerField(null=True, blank=True)
    capacity = models.PositiveIntegerField(null=True, blank=True, help_text="Seats; empty means any number.")
    thumbnail = models.ImageField(upload_to="course_thumbnails/", blank=True)
    is_published = models.BooleanField(default=False)
    is_featured = models.BooleanField(default=False)
    is_imported = models.BooleanField(default=False, editable=False, help_text="Known from the old site by its title.")
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)

    objects = CourseQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(price__gte=0), name="course_price_is_not_negative"),
            models.CheckConstraint(
                condition=Q(Exact(Length("currency"), 3)) & Q(Exact(F("currency"), Lower("currency"))),
                name="course_currency_is_three_small_letters",
            ),
        ]
        indexes = [
            models.Index(fields=["category", "-id"], name="published_by_category", condition=Q(is_published=True)),
            models.Index(fields=["level", "-id"], name="published_by_level", condition=Q(is_published=True)),
            models.Index(fields=["price", "-id"], name="published_by_price", condition=Q(is_published=True)),
            models.Index(fields=["title", "-id"], name="published_by_title", condition=Q(is_published=True)),
            models.Index(fields=["created_at", "-id"], name="published_by_date", condition=Q(is_published=True)),
        ]

    def __str__(self) -> str:
        return self.title

    def clean(self) -> None:
        """Refuse in forms a price that nobody can pay, and a slug that reads as an id (addresses take either)."""
        if not is_payable(self.price, self.currency):
            raise ValidationError({"price": "The currency has no such fraction."})
        if reads_as_id(self.slug):
            raise ValidationError({"slug": "A slug must not look like an id."})

    @property
    def is_free(self) -> bool:
        """Whether nobody has to pay."""
        return not self.price

    @property
    def price_text(self) -> str:
        """The price as people write it in its currency: `49.90`, but `4990` yen."""
        return price_text(self.price, self.currency)


class Lesson(models.Model):
    """One step of a course."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="lessons")
    position = models.PositiveSmallIntegerField(help_text="1 is the first lesson.")
    title = models.CharField(max_length=255)
    text = models.TextField(blank=True)
    video_url = models.URLField(max_length=500, blank=True)

    class Meta:
        ordering = ["course", "position"]
        constraints = [
            models.UniqueConstraint(fields=["course", "position"], name="one_lesson_per_position"),
        ]

    def __str__(self) -> str:
        return f"{self.position}. {self.title}"
