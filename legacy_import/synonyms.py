"""What old databases call the things that we know. Pure data; legacy_import/aliases.py applies it.

Names are compared without case and without anything that is not a letter or a digit; the best stands first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What we can import, parents before children."""

    USERS = "users"
    COURSES = "courses"
    CONTACTS = "contacts"
    ENROLLMENTS = "enrollments"
    REGISTRATIONS = "registrations"
    PAYMENTS = "payments"


@dataclass(frozen=True)
class KindNames:
    """Table names in the singular, and for each of our fields the columns' names; the best stands first."""

    tables: Sequence[str]
    fields: Mapping[str, str]
    needed: Sequence[str] = ()
    """Fields of which a table must have one, or its name means something else."""


PERSON = {
    "name": "name full_name display_name real_name student_name sender_name customer_name",
    "first_name": "first_name given_name forename fname",
    "last_name": "last_name surname family_name lname",
    "email": "email email_address mail user_email sender_email student_email customer_email",
}
PHONE = "phone phone_number telephone tel mobile mobile_number phone_no contact_number"
CREATED = "created_at created created_on created_date date_created creation_date inserted_at create_time"
UPDATED = "updated_at updated updated_on date_updated modified_at modified last_modified modified_on update_time"
DELETED = "deleted_at deleted is_deleted deleted_on date_deleted removed_at"
PRICE = {
    "price": "price amount fee fees total cost course_price course_fee",
    "price_minor": "price_cents price_in_cents amount_cents amount_in_cents fee_cents price_minor",
    "currency": "currency currency_code",
}
USER_ID = "user_id user student_id student member_id account_id customer_id"
COURSE = {"course_id": "course_id", "course_title": "course_title course_name course title program programme"}

KNOWN: dict[Kind, KindNames] = {
    Kind.USERS: KindNames(
        tables=["user", "member", "account", "user account"],
        fields={
            "id": "id _id user_id uuid pk",
            **PERSON,
            "password": "password password_hash hashed_password encrypted_password passwd pwd user_pass hash",
            "salt": "salt password_salt pw_salt",
            "user_type": "user_type role user_role account_type type roles",
            "is_admin": "is_admin admin is_superuser",
            "phone_number": PHONE,
            "email_verified": "email_verified is_email_verified is_verified verified email_verified_at verified_at "
            "email_confirmed email_confirmed_at is_confirmed confirmed confirmed_at",
            "active": "is_active active is_enabled enabled account_status status",
            "blocked": "is_blocked blocked is_banned banned is_suspended suspended is_disabled disabled "
            "is_deactivated deactivated blocked_at banned_at suspended_at disabled_at deactivated_at",
            "bio": "bio biography about about_me",
            "date_of_birth": "date_of_birth dob birth_date birthdate birthday",
            "created_at": f"{CREATED} registered_at joined_at signup_date",
            "updated_at": UPDATED,
            "last_login": "last_login last_login_at last_logged_in last_signin last_sign_in_at last_seen last_seen_at",
            "deleted": DELETED,
        },
    ),
    Kind.COURSES: KindNames(
        tables=["course", "training", "program", "programme"],
        needed=["title"],
        fields={
            "id": "id _id course_id uuid pk",
            "title": "title name course_title course_name",
            "slug": "slug permalink url_slug handle",
            "description": "description body content summary details text",
            "instructor_id": "instructor_id teacher_id trainer_id author_id owner_id created_by user_id instructor",
            "instructor_email": "instructor_email teacher_email",
            "category": "category category_name topic subject",
            "level": "level difficulty course_level",
            **PRICE,
            "duration_hours": "duration_hours hours duration_in_hours total_hours",
            "duration_minutes": "duration_minutes minutes duration_in_minutes duration_mins",
            "capacity": "capacity max_students seats max_seats seat_limit max_participants",
            "published": "is_published published status state is_active active published_at visible is_visible",
            "created_at": CREATED,
            "deleted": DELETED,
        },
    ),
    Kind.CONTACTS: KindNames(
        tables=[
            "contact",
            "contact message",
            "contact form",
            "contact submission",
            "contact request",
            "contact us",
            "enquiry",
            "inquiry",
        ],
        fields={
            "id": "id _id contact_id uuid pk",
            **PERSON,
            "phone": PHONE,
            "subject": "subject topic title reason",
            "message": "message body content text comment comments enquiry inquiry description",
            "status": "status state",
            "answered": "is_responded responded is_replied replied is_answered answered responded_at replied_at",
            "read": "is_read read seen read_at",
            "response": "response reply response_message admin_response answer reply_message admin_reply",
            "internal_notes": "internal_notes admin_notes notes note",
            "ip_address": "ip_address ip remote_ip client_ip",
            "user_agent": "user_agent browser",
            "user_id": "user_id member_id account_id",
            "created_at": f"{CREATED} submitted_at sent_at timestamp date",
            "updated_at": UPDATED,
            "deleted": DELETED,
        },
    ),
    Kind.ENROLLMENTS: KindNames(
        tables=["enrollment", "enrolment", "course enrollment", "course enrolment", "user course", "student course"],
        fields={
            "id": "id _id enrollment_id enrolment_id uuid pk",
            "user_id": USER_ID,
            "email": PERSON["email"],
            **COURSE,
            "status": "status state enrollment_status enrolment_status",
            "progress": "progress progress_percent progress_percentage percent_complete completion",
            "completed_at": "completed_at completed_on completion_date finished_at date_completed",
            "created_at": f"{CREATED} enrolled_at enrolled_on enrollment_date enrolment_date timestamp date",
            "deleted": DELETED,
        },
    ),
    Kind.REGISTRATIONS: KindNames(
        tables=[
            "registration",
            "course registration",
            "enrollment request",
            "enrolment request",
            "application",
        ],
        fields={
            "id": "id _id registration_id uuid pk",
            **PERSON,
            "phone": PHONE,
            "course_id": "course_id",
            "course_title": "course course_title course_name program programme",
            "level": "level course_level",
            **PRICE,
            "notes": "notes note message comments remarks",
            "experience": "experience experience_level",
            "paid": "paid is_paid has_paid payment_status",
            "paid_at": "paid_at paid_on payment_date date_paid",
            "created_at": f"{CREATED} registered_at registration_date submitted_at timestamp date",
            "deleted": DELETED,
        },
    ),
    Kind.PAYMENTS: KindNames(
        tables=["payment", "transaction", "order", "purchase", "charge"],
        needed=["amount", "amount_minor"],
        fields={
            "id": "id _id payment_id uuid pk",
            "user_id": USER_ID,
            "email": f"{PERSON['email']} receipt_email payer_email billing_email",
            **COURSE,
            "enrollment_id": "enrollment_id enrolment_id registration_id",
            "amount": "amount total price amount_paid total_amount sum paid_amount",
            "amount_minor": "amount_cents amount_in_cents total_cents price_cents amount_minor",
            "currency": PRICE["currency"],
            "status": "status state payment_status",
            "intent_id": "stripe_payment_intent_id payment_intent_id stripe_payment_intent payment_intent intent_id "
            "stripe_intent_id stripe_payment_id stripe_charge_id charge_id stripe_id",
            "reference": "transaction_id reference order_id provider_id external_id session_id stripe_session_id",
            "refunded_amount": "refunded_amount amount_refunded refund_amount total_refunded",
            "refunded_minor": "refunded_cents amount_refunded_cents refund_amount_cents refunded_amount_cents",
            "description": "description memo notes note",
            "paid_at": "paid_at paid_on payment_date date_paid completed_at captured_at",
            "created_at": f"{CREATED} timestamp date",
            "deleted": DELETED,
        },
    ),
}
NOT_A_PREFIX = frozenset({"old", "archived", "archive", "deleted", "backup", "bak", "tmp", "temp", "test"})
TITLE_OR_ID = ("course", "program", "programme")  # names under which a course's title may stand, and its id as well
GLUED_PREFIXES = ("tbl", "tb")
NOT_A_NAME = "username"  # what a person logs in with; without the table's word in front it would read as a name
TOGETHER = ("active", "blocked", "deleted", "published")  # fields of which every column counts: any may switch off
SECRETS = ("password", "salt")  # fields whose columns are never shown, written down or told apart
