"""Tables and columns of old databases are recognised by their names."""

import pytest

from legacy_import.aliases import KNOWN, Kind, LayoutError, TableOverride, understand

SEQUELIZE = {
    "SequelizeMeta": ["name"],
    "Users": ["id", "email", "password", "firstName", "lastName", "role", "createdAt", "updatedAt", "deletedAt"],
    "Contacts": ["id", "name", "email", "subject", "message", "createdAt", "updatedAt"],
    "Enrollments": ["id", "userId", "courseId", "status", "createdAt", "updatedAt"],
    "CourseRegistrations": ["id", "fullName", "email", "courseName", "isPaid", "paidAt", "createdAt"],
}
KNEX = {
    "knex_migrations": ["id", "name"],
    "users": ["id", "email_address", "password_hash", "full_name", "user_type", "created_at"],
    "contact_messages": ["id", "name", "email", "phone_number", "body", "created_at"],
    "user_courses": ["id", "student_id", "course_title", "state", "enrolled_at"],
    "registrations": ["id", "first_name", "last_name", "email", "course", "fee", "currency", "payment_status"],
}
PREFIXED = {
    "tbl_users": ["user_id", "user_email", "user_password", "user_name", "user_role", "date_created"],
    "tbl_contacts": ["contact_id", "contact_name", "contact_email", "contact_message", "contact_date"],
    "tblenrolments": ["enrolment_id", "user_id", "course_name", "enrolment_status", "enrolment_date"],
    "TITANOBOVA_REGISTRATION": ["REGISTRATION_ID", "NAME", "EMAIL", "COURSE", "REGISTRATION_DATE"],
}
FAMILIES = {
    "sequelize": (
        SEQUELIZE,
        {
            Kind.USERS: ("Users", {"id": "id", "first_name": "firstName", "last_name": "lastName", "email": "email",
                                   "password": "password", "user_type": "role", "created_at": "createdAt",
                                   "updated_at": "updatedAt", "deleted": "deletedAt"}),
            Kind.CONTACTS: ("Contacts", {"id": "id", "name": "name", "email": "email", "subject": "subject",
                                         "message": "message", "created_at": "createdAt",
                                         "updated_at": "updatedAt"}),
            Kind.ENROLLMENTS: ("Enrollments", {"id": "id", "user_id": "userId", "course_id": "courseId",
                                               "status": "status", "created_at": "createdAt"}),
            Kind.REGISTRATIONS: ("CourseRegistrations", {"id": "id", "name": "fullName", "email": "email",
                                                         "course_title": "courseName", "paid": "isPaid",
                                                         "paid_at": "paidAt", "created_at": "createdAt"}),
        },
    ),
    "knex": (
        KNEX,
        {
            Kind.USERS: ("users", {"id": "id", "name": "full_name", "email": "email_address",
                                   "password": "password_hash", "user_type": "user_type", "created_at": "created_at"}),
            Kind.CONTACTS: ("contact_messages", {"id": "id", "name": "name", "email": "email", "phone": "phone_number",
                                                 "message": "body", "created_at": "created_at"}),
            Kind.ENROLLMENTS: ("user_courses", {"id": "id", "user_id": "student_id", "course_title": "course_title",
                                                "status": "state", "created_at": "enrolled_at"}),
            Kind.REGISTRATIONS: ("registrations", {"id": "id", "first_name": "first_name", "last_name": "last_name",
                                                   "email": "email", "course_title": "course", "price": "fee",
                                                   "currency": "currency", "paid": "payment_status"}),
        },
    ),
    "prefixed": (
        PREFIXED,
        {
            Kind.USERS: ("tbl_users", {"id": "user_id", "email": "user_email", "password": "user_password",
                                       "user_type": "user_role", "created_at": "date_created"}),
            Kind.CONTACTS: ("tbl_contacts", {"id": "contact_id", "name": "contact_name", "email": "contact_email",
                                             "message": "contact_message", "created_at": "contact_date"}),
            Kind.ENROLLMENTS: ("tblenrolments", {"id": "enrolment_id", "user_id": "user_id",
                                                 "course_title": "course_name", "status": "enrolment_status",
                                                 "created_at": "enrolment_date"}),
            Kind.REGISTRATIONS: ("TITANOBOVA_REGISTRATION", {"id": "REGISTRATION_ID", "name": "NAME",
                                                             "email": "EMAIL", "course_title": "COURSE",
                                                             "created_at": "REGISTRATION_DATE"}),
        },
    ),
}  # fmt: skip


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_of_databases_is_understood(family: str) -> None:
    tables, expected = FAMILIES[family]

    layout = understand(tables)

    assert {kind: (found.table, found.columns) for kind, found in layout.tables.items()} == expected
    assert [found.key for found in layout.tables.values()] == [columns["id"] for _, columns in expected.values()]
    assert layout.missing == [Kind.COURSES, Kind.PAYMENTS]


def test_what_is_not_understood_is_named() -> None:
    layout = understand({**SEQUELIZE, "Coupons": ["id", "code"]})

    assert layout.unknown_tables == ["SequelizeMeta", "Coupons"]
    assert layout.tables[Kind.ENROLLMENTS].unused == ["updatedAt"]


def test_a_missing_table_is_named_and_parents_come_before_children() -> None:
    layout = understand({"enrollments": ["id", "user_id", "course"], "users": ["id", "email"]})

    assert list(layout.tables) == [Kind.USERS, Kind.ENROLLMENTS]
    assert layout.missing == [Kind.COURSES, Kind.CONTACTS, Kind.REGISTRATIONS, Kind.PAYMENTS]


@pytest.mark.parametrize("table", ["user", "USERS", "User", "tbl_user", "wp_users", "members", "app_v2_users"])
def test_a_table_of_people_goes_by_many_names(table: str) -> None:
    assert understand({table: ["id", "email"]}).tables[Kind.USERS].table == table


@pytest.mark.parametrize("table", ["old_users", "users_backup", "user_roles", "deleted_users", "browsers"])
def test_a_table_that_only_sounds_like_people_is_left_alone(table: str) -> None:
    assert understand({table: ["id", "email"]}).unknown_tables == [table]


def test_the_plain_name_wins_over_a_prefixed_one_and_a_full_table_over_an_empty_one() -> None:
    exact = understand({"shop_users": ["id", "email"], "users": ["id", "email"]})
    fuller = understand({"a_users": ["id"], "b_users": ["id", "email", "password"]})

    assert (exact.tables[Kind.USERS].table, exact.unknown_tables) == ("users", ["shop_users"])
    assert fuller.tables[Kind.USERS].table == "b_users"


def test_of_two_spellings_of_one_column_the_first_is_used_and_the_other_is_named() -> None:
    users = understand({"users": ["id", "email", "created_at", "createdAt"]}).tables[Kind.USERS]

    assert (users.columns["created_at"], users.unused) == ("created_at", ["createdAt"])


@pytest.mark.parametrize(
    ("table", "columns"),
    [("user_courses", ["id", "user_id", "course_title"]), ("orders", ["id", "customer_id"]), ("programs", ["id"])],
)
def test_a_table_that_only_sounds_like_courses_or_payments_is_none(table: str, columns: list[str]) -> None:
    found = understand({table: columns}).tables

    assert not {Kind.COURSES, Kind.PAYMENTS} & found.keys()


def test_a_kind_can_be_kept_out() -> None:
    layout = understand({"users": ["id", "email"]}, {"users": TableOverride(table="")})

    assert (layout.tables, layout.unknown_tables) == ({}, ["users"])


def test_a_key_of_a_json_column_can_be_named_and_its_column_counts_as_used() -> None:
    users = TableOverride(columns={"first_name": "profile.firstName"})
    found = understand({"users": ["id", "email", "profile"]}, {"users": users}).tables[Kind.USERS]

    assert found.columns["first_name"] == "profile.firstName"
    assert found.json == {"profile.firstName"}
    assert not found.unused


def test_columns_of_passwords_and_salts_are_known_as_secrets() -> None:
    found = understand({"users": ["id", "email", "hash", "salt", "name"]}).tables[Kind.USERS]

    assert found.secrets == {"hash", "salt"}


def test_a_login_handle_is_not_taken_for_a_name() -> None:
    assert "name" not in understand({"users": ["id", "username", "email"]}).tables[Kind.USERS].columns


def test_a_table_without_an_id_has_no_key() -> None:
    assert understand({"contacts": ["email", "message"]}).tables[Kind.CONTACTS].key is None


def test_a_person_may_know_better() -> None:
    tables = {"people": ["nr", "mailbox", "email", "secret"], "users": ["id", "email"]}
    users = TableOverride(table="people", key="nr", columns={"email": "mailbox", "password": "secret"})

    layout = understand(tables, {"users": users})

    found = layout.tables[Kind.USERS]
    assert (found.table, found.key) == ("people", "nr")
    assert found.columns == {"email": "mailbox", "password": "secret", "id": "nr"}
    assert (found.unused, layout.unknown_tables) == (["email"], ["users"])


def test_a_column_can_be_kept_out() -> None:
    found = understand({"users": ["id", "email", "role"]}, {"users": TableOverride(columns={"user_type": ""})})

    assert found.tables[Kind.USERS].unused == ["role"]


@pytest.mark.parametrize(
    ("kind", "known", "named"),
    [
        ("people", TableOverride(table="users"), "people"),
        ("users", TableOverride(table="nobody"), "nobody"),
        ("users", TableOverride(columns={"shoe_size": "id"}), "shoe_size"),
        ("users", TableOverride(columns={"email": "nowhere"}), "nowhere"),
        ("users", TableOverride(key="nokey"), "nokey"),
    ],
)
def test_a_mapping_that_names_what_does_not_exist_is_refused(kind: str, known: TableOverride, named: str) -> None:
    with pytest.raises(LayoutError, match=named):
        understand({"users": ["id", "email"]}, {kind: known})


def test_every_kind_is_known_by_name() -> None:
    assert set(KNOWN) == set(Kind)
