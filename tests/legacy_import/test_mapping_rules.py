"""What a row means as a whole: states, roles, refunds, ids of Stripe, and who is named."""

from decimal import Decimal

import pytest

from legacy_import.aliases import TableOverride, understand
from legacy_import.mapping import MAPPERS, ImportOptions, Mapped, NoteKind, Rejected
from legacy_import.rows import Row, Value
from legacy_import.synonyms import Kind

DEFAULTS = ImportOptions()
NEEDED: dict[Kind, dict[str, Value]] = {
    Kind.USERS: {"id": 1, "email": "ada@example.com"},
    Kind.COURSES: {"id": 1, "title": "Backend"},
    Kind.CONTACTS: {"id": 1, "email": "ada@example.com", "message": "Hello"},
    Kind.ENROLLMENTS: {"id": 1, "user_id": 7, "course_id": 2},
    Kind.REGISTRATIONS: {"id": 1, "email": "ada@example.com", "course": "Backend"},
    Kind.PAYMENTS: {"id": 1, "user_id": 7, "amount": "50.00", "currency": "usd", "status": "paid"},
}


def map_one(kind: Kind, override: TableOverride | None = None, /, **columns: Value) -> Mapped | Rejected:
    """Map a row that has the needed columns and these."""
    row = Row(NEEDED[kind] | columns)
    layout = understand({kind.value: list(row)}, {kind.value: override} if override else None).tables[kind]
    return MAPPERS[kind](row, layout, DEFAULTS)


def mapped(kind: Kind, override: TableOverride | None = None, /, **columns: Value) -> Mapped:
    """Map a row that must not be rejected."""
    found = map_one(kind, override, **columns)
    assert isinstance(found, Mapped), found
    return found


def kinds(row: Mapped) -> set[NoteKind]:
    """Return what was done to the row."""
    return {note.kind for note in row.notes}


@pytest.mark.parametrize(
    ("columns", "role"),
    [
        ({"role": "admin"}, "admin"),
        ({"role": "ROLE_ADMIN"}, "admin"),
        ({"role": '["user", "admin"]'}, "admin"),
        ({"role": "user,teacher"}, "instructor"),
        ({"role": "[broken"}, "student"),
        ({"is_admin": 1}, "admin"),
        ({"is_admin": b"\1", "role": "user"}, "admin"),
        ({"is_admin": 0}, "student"),
        ({"role": 3}, "student"),
    ],
)
def test_a_role_is_read_from_words_lists_and_flags_and_stays_a_label(columns: dict[str, Value], role: str) -> None:
    account = mapped(Kind.USERS, **columns)

    assert account.fields["user_type"] == role
    assert not any("staff" in field for field in account.fields)


@pytest.mark.parametrize(
    ("columns", "is_active"),
    [
        ({"is_active": 1}, True), ({"is_active": 0}, False), ({"is_active": b"\0"}, False), ({"active": None}, True),
        ({"status": "active"}, True), ({"status": "pending"}, True), ({"status": "BANNED"}, False),
        ({"account_status": "Suspended"}, False), ({"status": "who knows"}, True), ({"is_blocked": 1}, False),
        ({"banned": 0}, True), ({"deletedAt": "2024-01-01"}, False), ({}, True),
    ],
)  # fmt: skip
def test_an_account_that_was_switched_off_stays_off(columns: dict[str, Value], is_active: bool) -> None:
    assert mapped(Kind.USERS, **columns).fields["is_active"] is is_active


@pytest.mark.parametrize(
    "columns",
    [
        {"is_active": 1, "status": "banned"}, {"status": "active", "is_active": 0}, {"enabled": 1, "isActive": "no"},
        {"is_active": 1, "account_status": "active", "status": "suspended"}, {"is_active": 1, "user_status": "banned"},
        {"is_active": 1, "isActive": 0}, {"is_active": None, "status": "blocked"},
        {"deleted_at": None, "is_deleted": 1}, {"is_deleted": 0, "deletedAt": "2024-01-01"},
        {"deleted": "", "removed_at": "2024-01-01"}, {"is_blocked": 0, "banned": 1},
        {"banned_at": "2021-01-01"}, {"blocked_at": "2021-01-01"}, {"suspendedAt": "2021-01-01"},
        {"disabled_at": 1609459200}, {"deactivated_at": "2021-01-01"}, {"is_deactivated": b"\1"},
    ],
)  # fmt: skip
def test_any_column_that_says_so_switches_an_account_off(columns: dict[str, Value]) -> None:
    assert mapped(Kind.USERS, **columns).fields["is_active"] is False


@pytest.mark.parametrize(
    "columns",
    [
        {"is_active": 1, "status": None}, {"is_active": 1, "status": "vip"}, {"is_active": None, "status": None},
        {"deleted_at": None, "is_deleted": 0, "banned_at": None, "blocked_at": "0000-00-00 00:00:00", "is_banned": 0},
    ],
)  # fmt: skip
def test_columns_that_say_nothing_switch_no_account_off(columns: dict[str, Value]) -> None:
    assert mapped(Kind.USERS, **columns).fields["is_active"] is True


def test_a_row_that_several_columns_call_deleted_is_counted_once() -> None:
    account = mapped(Kind.USERS, status="banned", is_deleted=1, deleted_at="2024-01-01")

    assert [note.field for note in account.notes if note.kind is NoteKind.DELETED_IN_SOURCE] == ["deleted"]


@pytest.mark.parametrize("empty", ["", "  ", "\t", b""])
@pytest.mark.parametrize("column", ["status", "is_active"])
def test_an_empty_state_says_as_little_as_null_and_is_counted(column: str, empty: Value) -> None:
    account = mapped(Kind.USERS, **{column: empty})

    assert account.fields["is_active"] is mapped(Kind.USERS, **{column: None}).fields["is_active"] is True
    assert [note.field for note in account.notes if note.kind is NoteKind.EMPTY_STATE] == ["active"]


def test_an_empty_state_does_not_hide_what_another_column_says() -> None:
    assert mapped(Kind.USERS, is_active=0, status="").fields["is_active"] is False
    assert mapped(Kind.COURSES, is_published=1, status="").fields["is_published"] is True


def test_the_mapping_may_say_what_an_empty_state_meant() -> None:
    account = mapped(Kind.USERS, TableOverride(values={"active": {"": "no"}}), status="")

    assert account.fields["is_active"] is False
    assert NoteKind.EMPTY_STATE not in kinds(account)


def test_an_empty_flag_of_anything_else_is_no_and_not_worth_a_note() -> None:
    account = mapped(Kind.USERS, is_deleted="", is_banned=" ", verified="")

    assert (account.fields["is_active"], account.fields["email_verified"]) == (True, False)
    assert NoteKind.EMPTY_STATE not in kinds(account)


@pytest.mark.parametrize(
    ("columns", "is_verified"),
    [
        ({"is_verified": 1}, True), ({"emailVerified": "2023-11-14T22:13:20Z"}, True), ({"emailVerified": None}, False),
        ({"email_verified_at": "0000-00-00 00:00:00"}, False), ({"email_confirmed": "no"}, False),
        ({"verified": "perhaps"}, False),
    ],
)  # fmt: skip
def test_a_confirmed_address_is_told_by_a_flag_or_a_date(columns: dict[str, Value], is_verified: bool) -> None:
    assert mapped(Kind.USERS, **columns).fields["email_verified"] is is_verified


def test_a_telephone_number_that_is_too_long_does_not_cost_the_account() -> None:
    account = mapped(Kind.USERS, phone="call me at " + "1" * 50)

    assert account.fields["phone_number"] == ""
    assert kinds(account) >= {NoteKind.TOO_LONG_LEFT_OUT}


@pytest.mark.parametrize(
    ("columns", "status"),
    [
        ({"status": "unread"}, "new"), ({"status": "Replied"}, "responded"), ({"status": "Archived"}, "closed"),
        ({"status": "strange"}, "new"), ({"is_read": 1}, "read"), ({"read_at": "2023-11-14"}, "read"),
        ({"replied": 1, "is_read": 1}, "responded"), ({"response": "Dear Ada"}, "responded"), ({}, "new"),
        ({"status": "read", "is_deleted": 1}, "closed"),
    ],
)  # fmt: skip
def test_how_far_the_staff_is_with_a_message(columns: dict[str, Value], status: str) -> None:
    assert mapped(Kind.CONTACTS, **columns).fields["status"] == status


def test_where_a_message_came_from_is_kept_if_it_is_an_address() -> None:
    assert mapped(Kind.CONTACTS, ip="::1", user_id=7).fields["ip_address"] == "::1"
    odd = mapped(Kind.CONTACTS, ip="localhost")
    assert (odd.fields["ip_address"], kinds(odd)) == ("", {NoteKind.NOT_AN_IP_ADDRESS})


@pytest.mark.parametrize(
    ("columns", "is_published"),
    [
        ({}, True), ({"is_published": 0}, False), ({"published": None}, False), ({"status": "draft"}, False),
        ({"status": "Published"}, True), ({"published_at": "2023-11-14"}, True), ({"published_at": None}, False),
        ({"is_published": 1, "status": "draft"}, False), ({"is_published": 1, "published_at": None}, True),
        ({"status": "published", "is_active": 0}, False), ({"is_published": None, "status": "vip"}, False),
        ({"is_published": 1, "deleted_at": None, "is_deleted": 1}, False), ({"status": ""}, False),
    ],
)  # fmt: skip
def test_a_course_is_shown_if_the_old_site_showed_it(columns: dict[str, Value], is_published: bool) -> None:
    assert mapped(Kind.COURSES, **columns).fields["is_published"] is is_published


@pytest.mark.parametrize(
    ("columns", "hours"),
    [
        ({"duration_hours": 12}, 12), ({"hours": "1.5"}, 2), ({"duration_minutes": 90}, 2),
        ({"hours": "6 weeks"}, None), ({"hours": -1}, None), ({"hours": 10**9}, None),
        ({"duration_minutes": "long"}, None), ({}, None),
    ],
)  # fmt: skip
def test_a_duration_is_whole_hours_or_unknown(columns: dict[str, Value], hours: int | None) -> None:
    course = mapped(Kind.COURSES, **columns)

    assert course.fields["duration_hours"] == hours
    assert hours is not None or not any(columns.values()) or NoteKind.NUMBER_UNPARSABLE in kinds(course)


def test_an_enrolment_may_name_its_person_by_the_address() -> None:
    row = Row(id=1, studentEmail="ada@example.com", course="Backend")
    layout = understand({"enrollments": list(row)}).tables[Kind.ENROLLMENTS]

    found = MAPPERS[Kind.ENROLLMENTS](row, layout, DEFAULTS)

    assert isinstance(found, Mapped)
    assert (found.fields["legacy_user_id"], found.fields["email"]) == (None, "ada@example.com")


@pytest.mark.parametrize(("stored", "progress"), [(40, 40), ("99.5", 100), (101, None), ("half", None), (None, None)])
def test_progress_is_a_percentage_or_unknown(stored: Value, progress: int | None) -> None:
    assert mapped(Kind.ENROLLMENTS, progress=stored).fields["progress"] == progress


def test_a_registration_that_was_deleted_opens_nothing() -> None:
    found = map_one(Kind.REGISTRATIONS, deletedAt="2024-01-01")

    assert isinstance(found, Rejected)
    assert found.reason == "it was deleted in the old system"


@pytest.mark.parametrize(
    ("columns", "status", "refunded"),
    [
        ({"status": "paid"}, "succeeded", "0"),
        ({"status": "Completed", "refunded_amount": "20"}, "partially_refunded", "20"),
        ({"status": "succeeded", "refunded_amount": 50}, "refunded", "50"),
        ({"status": "refunded"}, "refunded", "50"),
        ({"status": "refunded", "refund_amount_cents": 1999}, "partially_refunded", "19.99"),
        ({"status": "partially_refunded"}, "succeeded", "0"),
        ({"status": "chargeback"}, "disputed", "0"),
        ({"status": "declined", "refunded_amount": "20"}, "failed", "0"),
        ({"status": "voided"}, "canceled", "0"),
        ({"status": "requires_payment_method"}, "created", "0"),
        ({"status": "whatever"}, "created", "0"),
    ],
)
def test_status_and_refund_of_a_payment_agree(columns: dict[str, Value], status: str, refunded: str) -> None:
    payment = mapped(Kind.PAYMENTS, **columns)

    assert (payment.fields["status"], payment.fields["refunded_amount"]) == (status, Decimal(refunded))


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ({"amount": None}, "there is no amount above zero"),
        ({"amount": 0}, "there is no amount above zero"),
        ({"amount": "-5"}, "there is no amount above zero"),
        ({"amount": "1,5"}, "there is no amount above zero"),
        ({"amount": 10**9}, "is higher than"),
        ({"refunded_amount": 51}, "more was refunded (51.00) than paid (50.00)"),
        ({"user_id": None}, "there is no user id"),
    ],
)
def test_a_payment_that_cannot_be_one_is_rejected(columns: dict[str, Value], why: str) -> None:
    found = map_one(Kind.PAYMENTS, **columns)

    assert isinstance(found, Rejected)
    assert why in found.reason


@pytest.mark.parametrize(
    ("columns", "intent", "reference"),
    [
        ({"payment_intent_id": "pi_3NabcDEF"}, "pi_3NabcDEF", ""),
        ({"stripe_charge_id": "ch_3NabcDEF", "transaction_id": "T-1"}, "ch_3NabcDEF", "T-1"),
        ({"transaction_id": "pi_3NabcDEF"}, "pi_3NabcDEF", ""),
        ({"payment_intent_id": "pi_3NabcDEF_secret_xyz"}, "pi_3NabcDEF", ""),
        ({"payment_intent_id": "PAYPAL-7"}, "", "PAYPAL-7"),
        ({"session_id": "cs_test_a1_secret_xyz"}, "", "cs_test_a1"),
        ({}, "", ""),
    ],
)
def test_stripes_id_is_kept_and_never_a_client_secret(columns: dict[str, Value], intent: str, reference: str) -> None:
    payment = mapped(Kind.PAYMENTS, **columns)

    assert (payment.fields["intent_id"], payment.fields["reference"]) == (intent, reference)
    assert "xyz" not in repr(payment)


def test_cents_are_told_by_the_columns_name_or_the_mapping() -> None:
    by_name = mapped(Kind.COURSES, price_cents=4990)
    by_mapping = mapped(Kind.COURSES, TableOverride(price_unit="minor", currency="jpy"), price=4990)

    assert (by_name.fields["price"], by_name.fields["currency"]) == (Decimal("49.90"), "usd")
    assert (by_mapping.fields["price"], by_mapping.fields["currency"]) == (Decimal(4990), "jpy")


def test_words_that_only_this_site_knows_are_translated_by_the_mapping() -> None:
    override = TableOverride(values={"user_type": {"Level 9": "admin"}, "active": {"gone fishing": "no"}})
    account = mapped(Kind.USERS, override, role="level_9", status="Gone fishing")

    assert (account.fields["user_type"], account.fields["is_active"]) == ("admin", False)


def test_a_key_of_a_json_column_is_read_and_what_is_none_counts_as_null() -> None:
    override = TableOverride(columns={"first_name": "profile.name.first", "phone_number": "profile.phone"})
    good = '{"name": {"first": "Ada"}, "phone": 12345}'
    expected: list[tuple[Value, tuple[str, str]]] = [
        (good, ("Ada", "12345")),
        (good.encode(), ("Ada", "12345")),
        ('{"name": "Ada", "phone": {"a": 1}}', ("", '{"a": 1}')),
        *((stored, ("", "")) for stored in ("{broken", "[1]", None, 7)),
    ]

    for stored, both in expected:
        account = mapped(Kind.USERS, override, profile=stored)
        assert (account.fields["first_name"], account.fields["phone_number"]) == both


def test_notes_of_the_same_word_are_shared_and_a_mapper_keeps_nothing_else() -> None:
    row = Row(NEEDED[Kind.USERS] | {"role": "teacher"})
    layout = understand({"users": list(row)}).tables[Kind.USERS]
    first, second = (MAPPERS[Kind.USERS](row, layout, DEFAULTS) for _ in range(2))

    assert first == second
    assert isinstance(first, Mapped)
    assert isinstance(second, Mapped)
    assert first.fields is not second.fields
    assert first.notes is not second.notes
    assert first.notes[0] is second.notes[0]
