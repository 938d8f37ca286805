"""Rows of old databases become our fields, or a reason why not."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from legacy_import.aliases import KNOWN, Kind, TableLayout, understand
from legacy_import.mapping import MAPPERS, ImportOptions, Mapped, Note, NoteKind, Rejected
from legacy_import.rows import Row, Value

HASH = "$2b$10$24Kkkh.ZW4fCZcqsEfG5fOXBOXKAoWmVwjVWC.jheeakiDnK/JVLy"
USER: dict[str, Value] = {"id": 1, "email": "ada@example.com", "password": HASH, "name": "Ada Lovelace",
                          "user_type": "student", "created_at": "2023-11-14T22:13:20.123Z"}  # fmt: skip
CONTACT: dict[str, Value] = {"id": 1, "name": "Ada", "email": "ada@example.com", "phone": None, "subject": "Hi",
                             "message": "Hello", "created_at": 1_700_000_000_123}  # fmt: skip
ENROLLMENT: dict[str, Value] = {"id": 1, "user_id": 7, "course_title": "UI&#x2F;UX", "status": "active",
                                "created_at": "2023-11-14 22:13:20.123"}  # fmt: skip
REGISTRATION: dict[str, Value] = {"id": 1, "name": "Ada Lovelace", "email": "ada@example.com", "phone": "1",
                                  "course": "Backend &amp; APIs", "level": "Beginner", "price": 9999, "notes": "",
                                  "created_at": "2023-11-14 22:13:20", "paid": 1}  # fmt: skip
COURSE: dict[str, Value] = {"id": 2, "title": "UI&#x2F;UX", "slug": "ui-ux", "teacherId": 3, "level": "Beginner",
                            "priceCents": 4990, "hours": 11.5, "created_at": "2023-11-14 22:13:20.123"}  # fmt: skip
PAYMENT: dict[str, Value] = {"id": 1, "userId": 7, "courseId": 2, "amount": "49.90", "currency": "EUR",
                             "status": "paid", "stripePaymentIntentId": "pi_3Nabc",
                             "createdAt": "2023-11-14T22:13:20.123Z"}  # fmt: skip
KEPT = f"bcrypt_node${HASH}"
DEFAULTS = ImportOptions()
ROWS = {
    Kind.USERS: USER,
    Kind.COURSES: COURSE,
    Kind.PAYMENTS: PAYMENT,
    Kind.CONTACTS: CONTACT,
    Kind.ENROLLMENTS: ENROLLMENT,
    Kind.REGISTRATIONS: REGISTRATION,
}


def map_one(kind: Kind, options: ImportOptions = DEFAULTS, /, **changed: Value) -> Mapped | Rejected:
    """Map an ordinary row of a kind, but for what is changed."""
    row = Row(ROWS[kind] | changed)
    layout = understand({kind.value: list(row)}).tables[kind]
    return MAPPERS[kind](row, layout, options)


def mapped(kind: Kind, options: ImportOptions = DEFAULTS, /, **changed: Value) -> Mapped:
    """Map a row that must not be rejected."""
    result = map_one(kind, options, **changed)
    assert isinstance(result, Mapped), result
    return result


def reason(kind: Kind, /, **changed: Value) -> str:
    """Return why a row is rejected; it keeps the whole row."""
    result = map_one(kind, DEFAULTS, **changed)
    assert isinstance(result, Rejected), result
    assert result.row == ROWS[kind] | changed
    return result.reason


def test_parents_come_before_children() -> None:
    order = [Kind.USERS, Kind.COURSES, Kind.CONTACTS, Kind.ENROLLMENTS, Kind.REGISTRATIONS, Kind.PAYMENTS]

    assert list(MAPPERS) == order == list(KNOWN)


def test_an_ordinary_row_of_each_kind_is_mapped() -> None:
    moment = datetime(2023, 11, 14, 22, 13, 20, 123_000, tzinfo=UTC)

    assert mapped(Kind.USERS).fields == {
        "email": "ada@example.com", "password": KEPT, "first_name": "Ada", "last_name": "Lovelace",
        "user_type": "student", "phone_number": "", "email_verified": False, "is_active": True, "bio": "",
        "date_of_birth": None, "created_at": moment, "updated_at": None, "last_login": None,
    }  # fmt: skip
    assert mapped(Kind.COURSES).fields == {
        "title": "UI/UX", "slug": "ui-ux", "description": "", "legacy_instructor_id": "3", "instructor_email": "",
        "category": "", "level": "beginner", "price": Decimal("49.90"), "currency": "usd", "duration_hours": 12,
        "capacity": None, "is_published": True, "created_at": moment,
    }  # fmt: skip
    assert mapped(Kind.CONTACTS).fields == {
        "name": "Ada", "email": "ada@example.com", "phone": "", "subject": "Hi", "message": "Hello",
        "status": "new", "response": "", "internal_notes": "", "ip_address": "", "user_agent": "",
        "legacy_user_id": None, "created_at": moment, "updated_at": None,
    }  # fmt: skip
    assert mapped(Kind.ENROLLMENTS).fields == {
        "legacy_user_id": "7", "email": "", "legacy_course_id": None, "course_title": "UI/UX", "status": "active",
        "progress": None, "completed_at": None, "created_at": moment,
    }  # fmt: skip
    assert mapped(Kind.REGISTRATIONS).fields == {
        "first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.com", "phone": "1",
        "legacy_course_id": None, "course_title": "Backend & APIs", "level": "Beginner", "price": Decimal(9999),
        "currency": "usd", "notes": "", "experience": "", "is_paid": True, "paid_at": None,
        "created_at": moment.replace(microsecond=0),
    }  # fmt: skip
    assert mapped(Kind.PAYMENTS).fields == {
        "legacy_user_id": "7", "email": "", "legacy_course_id": "2", "course_title": "", "legacy_enrollment_id": None,
        "amount": Decimal("49.90"), "currency": "eur", "status": "succeeded", "intent_id": "pi_3Nabc",
        "reference": "", "refunded_amount": Decimal(0), "description": "", "created_at": moment, "paid_at": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("stored", "known"),
    [(7, "7"), ("7", "7"), (7.0, "7"), (Decimal("7.00"), "7"), (b"7", "7"), (-3, "-3"), (" 007 ", "007"),
     ("cjld2cjxh0000qzrmn831i7rn", "cjld2cjxh0000qzrmn831i7rn"), (2**63, str(2**63)),
     (bytes(range(240, 256)), "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff")],
)  # fmt: skip
def test_an_id_is_the_same_text_however_it_is_typed(stored: Value, known: str) -> None:
    assert mapped(Kind.USERS, id=stored).legacy_id == known
    assert mapped(Kind.ENROLLMENTS, user_id=stored).fields["legacy_user_id"] == known


@pytest.mark.parametrize("stored", [None, "", "   "])
def test_a_row_without_its_id_is_rejected(stored: Value) -> None:
    assert map_one(Kind.USERS, id=stored) == Rejected(None, "the id is missing", USER | {"id": stored})


def test_a_table_without_an_id_column_gets_ids_that_a_rerun_finds_again() -> None:
    layout = TableLayout("contacts", None, {"email": "email", "message": "message"}, [])
    first, again, other = (
        MAPPERS[Kind.CONTACTS](Row(email="a@example.com", message=text), layout, ImportOptions())
        for text in ("Hello", "Hello", "Bye")
    )

    assert first.legacy_id == again.legacy_id != other.legacy_id
    assert str(first.legacy_id).startswith("content:")


@pytest.mark.parametrize("stored", [None, "", " ", "nobody", "a@b, c@d", "a@b@c"])
def test_an_account_without_a_usable_address_is_rejected(stored: Value) -> None:
    assert "e-mail address" in reason(Kind.USERS, email=stored)


def test_a_message_from_an_odd_address_is_kept_and_noted() -> None:
    contact = mapped(Kind.CONTACTS, email="call me")

    assert contact.fields["email"] == "call me"
    assert contact.notes == [Note("email", NoteKind.EMAIL_UNUSUAL, "'call me'")]


@pytest.mark.parametrize(
    ("kind", "changed", "why"),
    [
        (Kind.CONTACTS, {"message": None}, "there is no message"),
        (Kind.CONTACTS, {"message": " \n"}, "there is no message"),
        (Kind.CONTACTS, {"email": None}, "there is no e-mail address"),
        (Kind.CONTACTS, {"subject": "x" * 300}, "subject is 300 characters long, at most 255 fit"),
        (Kind.USERS, {"name": "x" * 151}, "first_name is 151 characters long, at most 150 fit"),
        (Kind.USERS, {"email": "x" * 250 + "@example.com"}, "email is 262 characters long, at most 254 fit"),
        (Kind.USERS, {"id": "x" * 129}, "id is 129 characters long, at most 128 fit"),
        (Kind.ENROLLMENTS, {"user_id": None}, "there is no user id"),
        (Kind.ENROLLMENTS, {"course_title": " "}, "there is no course"),
        (Kind.REGISTRATIONS, {"course": None}, "there is no course"),
        (Kind.REGISTRATIONS, {"price": 10**9}, "the price 1000000000.00 is higher than 99999999.99"),
    ],
)
def test_a_row_that_cannot_be_held_is_rejected_with_the_reason(kind: Kind, changed: dict[str, Value], why: str) -> None:
    assert reason(kind, **changed) == why


@pytest.mark.parametrize(
    ("kind", "field", "changed", "value", "note"),
    [
        (Kind.USERS, "user_type", {"user_type": "admin"}, "admin", None),
        (Kind.USERS, "user_type", {"user_type": "Instructor"}, "instructor", None),
        (Kind.USERS, "user_type", {"user_type": "teacher"}, "instructor", NoteKind.WORD_TRANSLATED),
        (Kind.USERS, "user_type", {"user_type": "wizard"}, "student", NoteKind.UNKNOWN_ROLE),
        (Kind.USERS, "user_type", {"user_type": None}, "student", NoteKind.UNKNOWN_ROLE),
        (Kind.USERS, "email", {"email": " Ada@Example.com "}, "Ada@Example.com", NoteKind.EMAIL_NORMALISED),
        (Kind.USERS, "password", {"password": None}, None, NoteKind.UNUSABLE),
        (Kind.USERS, "password", {"password": f" {HASH}"}, KEPT, None),
        (Kind.USERS, "password", {"password": HASH.encode()}, KEPT, None),
        (Kind.USERS, "created_at", {"created_at": "0000-00-00"}, None, NoteKind.DATE_UNPARSABLE),
        (Kind.USERS, "created_at", {"created_at": None}, None, NoteKind.DATE_MISSING),
        (Kind.USERS, "last_name", {"name": "  "}, "", NoteKind.TRIMMED),
        (Kind.CONTACTS, "name", {"name": " O&#x27;Brien"}, "O'Brien", NoteKind.TRIMMED),
        (Kind.CONTACTS, "message", {"message": "a\0b"}, "ab", NoteKind.NUL_REMOVED),
        (Kind.CONTACTS, "message", {"message": " a\n"}, " a\n", None),
        (Kind.CONTACTS, "phone", {"phone": 9_812_345_678.0}, "9812345678", None),
        (Kind.ENROLLMENTS, "status", {"status": "canceled"}, "cancelled", NoteKind.WORD_TRANSLATED),
        (Kind.ENROLLMENTS, "status", {"status": "REFUNDED"}, "refunded", None),
        (Kind.ENROLLMENTS, "status", {"status": "in_limbo"}, "pending", NoteKind.UNKNOWN_STATUS),
        (Kind.REGISTRATIONS, "price", {"price": "1.234,50"}, None, NoteKind.PRICE_UNPARSABLE),
        (Kind.REGISTRATIONS, "price", {"price": -5}, None, NoteKind.PRICE_UNPARSABLE),
        (Kind.REGISTRATIONS, "price", {"price": None}, None, None),
        (Kind.REGISTRATIONS, "price", {"price": 99.999}, Decimal(100), NoteKind.PRICE_ROUNDED),
        (Kind.REGISTRATIONS, "is_paid", {"paid": 2}, False, NoteKind.UNKNOWN_FLAG),
        (Kind.REGISTRATIONS, "is_paid", {"paid": None}, False, None),
        (Kind.REGISTRATIONS, "paid_at", {"paid": 0, "paid_at": "2023-11-14"}, None, NoteKind.DATE_WITHOUT_PAYMENT),
        (Kind.REGISTRATIONS, "paid_at", {"paid_at": "0000-00-00"}, None, NoteKind.DATE_UNPARSABLE),
        (Kind.REGISTRATIONS, "paid_at", {"paid_at": None}, None, None),
        (Kind.REGISTRATIONS, "currency", {"currency": "INR"}, "inr", None),
        (Kind.REGISTRATIONS, "currency", {"currency": "₹"}, "usd", NoteKind.UNKNOWN_CURRENCY),
    ],
)
def test_a_coercion_has_its_documented_value_and_its_note(
    kind: Kind, field: str, changed: dict[str, Value], value: object, note: NoteKind | None
) -> None:
    result = mapped(kind, DEFAULTS, **changed)

    assert result.fields[field] == value
    assert note is None or note in {one.kind for one in result.notes}
    assert note is not None or {one.kind for one in result.notes} == {one.kind for one in mapped(kind).notes}


@pytest.mark.parametrize("stored", ["hunter2", "5f4dcc3b5aa765d61d8327deb882cf99", HASH.replace("$10$", "$16$")])
def test_a_password_that_is_not_kept_is_not_shown_either(stored: str) -> None:
    account = mapped(Kind.USERS, password=stored)

    assert stored not in repr(account)
    assert stored not in str(account.fields["password"])


def test_a_user_is_not_unescaped_for_another_part_of_the_site_wrote_it() -> None:
    assert mapped(Kind.USERS, name="R&amp;D Department").fields["first_name"] == "R&amp;D"


def test_a_column_can_be_spared_from_unescaping() -> None:
    options = ImportOptions(no_unescape=frozenset({"Contacts.Message"}))
    contact = mapped(Kind.CONTACTS, options, message="a &amp; b", subject="c &amp; d")

    assert (contact.fields["message"], contact.fields["subject"]) == ("a &amp; b", "c & d")
    assert [note.field for note in contact.notes] == ["subject"]


def test_columns_that_the_source_repaired_are_noted() -> None:
    row = Row(CONTACT | {"subject": "caf\N{REPLACEMENT CHARACTER}"})
    row.repaired = frozenset({"subject"})
    layout = understand({"contacts": list(row)}).tables[Kind.CONTACTS]

    result = MAPPERS[Kind.CONTACTS](row, layout, ImportOptions())

    assert isinstance(result, Mapped)
    assert [(note.field, note.kind) for note in result.notes] == [("subject", NoteKind.INVALID_UTF8_REPLACED)]


def test_first_and_last_name_of_their_own_columns_win_over_the_whole_name() -> None:
    account = mapped(Kind.USERS, first_name=" María del ", last_name="Ruiz", name="Somebody Else")

    assert (account.fields["first_name"], account.fields["last_name"]) == ("María del", "Ruiz")


def test_the_options_decide_about_zone_currency_and_unit() -> None:
    options = ImportOptions(timezone="Asia/Kolkata", currency="INR", price_unit="minor")
    registration = mapped(Kind.REGISTRATIONS, options, paid_at="2023-11-15 03:43:20", price=999_900)

    assert registration.fields["created_at"] == datetime(2023, 11, 14, 16, 43, 20, tzinfo=UTC)
    assert registration.fields["paid_at"] == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert (registration.fields["price"], registration.fields["currency"]) == (Decimal(9999), "inr")


@pytest.mark.parametrize("wrong", [{"timezone": "Mars"}, {"currency": "rupees"}, {"price_unit": "cents"}])
def test_an_option_without_a_meaning_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"Mars|rupees|cents"):
        ImportOptions(**wrong)  # type: ignore[arg-type]  # that is the point


def test_a_date_that_paid_for_it_is_enough_where_there_is_no_flag() -> None:
    row = Row({key: value for key, value in REGISTRATION.items() if key != "paid"} | {"paid_at": "2023-11-14"})
    layout = understand({"registrations": list(row)}).tables[Kind.REGISTRATIONS]

    result = MAPPERS[Kind.REGISTRATIONS](row, layout, ImportOptions())

    assert isinstance(result, Mapped)
    assert result.fields["is_paid"] is True
