"""Courses and their lessons."""

from decimal import Decimal
from typing import Self

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length, Lower
from django.db.models.lookups import Exact
from django.utils import timezone

from courses.models.shown import ShownInCatalogue, ShownQuerySet
from courses.money import price_text, why_unpayable
from courses.slugs import reads_as_id
from titanobova.ids import uuid7
from titanobova.search import MatchesWords
from users.models import User

is_currency_code = RegexValidator(r"\A[a-z]{3}\Z", "A currency is three small letters, such as usd (ISO 4217).")


def default_currency() -> str:
    """Return what a price is in unless somebody says otherwise."""
    return str(settings.DEFAULT_CURRENCY)


def edits_courses(person: User | AnonymousUser) -> bool:
    """Return whether a person may make and change courses at all: an instructor their own, staff every one.

    Who is no instructor any more changes nothing, whatever course still names them.
    """
    return isinstance(person, User) and (person.is_staff or person.user_type == User.Type.INSTRUCTOR)


class CourseQuerySet(ShownQuerySet["Course"]):
    """Which courses."""

    def published(self) -> Self:
        """Courses that anyone may see."""
        return self.filter(is_published=True)

    def edited_by(self, person: User) -> Self:
        """Courses that the person may change, drafts included."""
        if not edits_courses(person):
            return self.none()
        return self.all() if person.is_staff else self.filter(instructor=person)

    def visible_to(self, person: User | AnonymousUser) -> Self:
        """Courses that the person may see: the published ones, and the drafts that they may change."""
        if person.is_staff:
            return self.all()
        own = Q(instructor=person) if edits_courses(person) else Q()
        return self.filter(Q(is_published=True) | own)

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
        currency: str = "",
        ordering: str = "-created_at",
        **exactly: object,
    ) -> Self:
        """Courses with these words, prices in between and exactly these other values, in a stable order.

        Ten dollars are not ten yen: prices are only compared within one currency, unless said otherwise the default.
        """
        bounds = {"price__gte": min_price, "price__lte": max_price}
        given = {lookup: bound for lookup, bound in bounds.items() if bound is not None}
        found = self.filter(**exactly, **given)
        if given or currency:
            found = found.filter(currency=currency or default_currency())
        if search:
            found = found.filter(MatchesWords(search))
        return found.order_by(ordering, "-id")


class Course(ShownInCatalogue):
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
            # The catalogue's orders; the currency is in them because prices are compared within one.
            models.Index(
                fields=["price", "-id", "currency"], name="published_by_price", condition=Q(is_published=True)
            ),
            models.Index(
                fields=["title", "-id", "currency"], name="published_by_title", condition=Q(is_published=True)
            ),
            models.Index(
                fields=["-created_at", "-id", "currency"], name="published_by_date", condition=Q(is_published=True)
            ),
            models.Index(fields=["category", "is_published", "-id"], name="courses_by_category"),
            models.Index(fields=["level", "is_published", "-id"], name="courses_by_level"),
            models.Index(fields=["currency", "-id"], name="courses_by_currency"),
            models.Index(fields=["title", "-id"], name="courses_by_title"),
            models.Index(fields=["-id"], name="draft_courses", condition=Q(is_published=False)),
            models.Index(fields=["-id"], name="featured_courses", condition=Q(is_featured=True)),
            models.Index(fields=["-id"], name="imported_courses", condition=Q(is_imported=True)),
        ]

    def __str__(self) -> str:
        return self.title

    def clean(self) -> None:
        """Refuse in forms a slug that reads as an id (addresses take either)."""
        if reads_as_id(self.slug):
            raise ValidationError({"slug": "A slug must not look like an id."})

    def is_edited_by(self, person: User | AnonymousUser) -> bool:
        """Whether the person may change it."""
        return edits_courses(person) and (person.is_staff or self.instructor_id == person.pk)

    @property
    def why_unpayable(self) -> str:
        """Why nobody could pay its price, in words; nothing when it is free or can be paid."""
        return why_unpayable(self.price, self.currency)

    @property
    def is_free(self) -> bool:
        """Whether nobody has to pay."""
        return not self.price

    @property
    def price_text(self) -> str:
        """The price as people write it in its currency: `49.90`, but `4990` yen."""
        return price_text(self.price, self.currency)


class Lesson(ShownInCatalogue):
    """One step of a course."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="lessons", db_index=False)
    position = models.PositiveSmallIntegerField(help_text="1 is the first lesson.")
    title = models.CharField(max_length=255)
    text = models.TextField(blank=True)
    video_url = models.URLField(max_length=500, blank=True)

    objects = ShownQuerySet["Lesson"].as_manager()

    class Meta:
        ordering = ["course", "position"]
        constraints = [
            models.UniqueConstraint(fields=["course", "position"], name="one_lesson_per_position"),
        ]

    def __str__(self) -> str:
        return f"{self.position}. {self.title}"

    def clean(self) -> None:
        """Refuse in forms a video that a browser would load without encryption."""
        if self.video_url and not self.video_url.startswith("https://"):
            raise ValidationError({"video_url": "A video's address begins with https://."})
