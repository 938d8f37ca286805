"""Words of old sites and what they mean here. Pure data; compared in small letters, with spaces for _ and -."""

ROLES = {
    **dict.fromkeys(("student", "user", "learner", "member", "customer", "participant", "basic", "regular"), "student"),
    **dict.fromkeys(("instructor", "teacher", "trainer", "tutor", "mentor"), "instructor"),
    **dict.fromkeys(("founder", "owner"), "founder"),
    **dict.fromkeys(
        ("admin", "administrator", "super admin", "superadmin", "role admin", "super user", "superuser"), "admin"
    ),
}
ROLES_BY_RANK = ("admin", "founder", "instructor", "student")
ENROLLMENT_STATUSES = {
    **dict.fromkeys(("pending", "new", "waiting", "requested", "waitlisted", "on hold", "pending payment"), "pending"),
    **dict.fromkeys(
        ("active", "enrolled", "in progress", "started", "approved", "confirmed", "paid", "ongoing", "accepted"),
        "active",
    ),
    **dict.fromkeys(("completed", "complete", "finished", "done", "passed", "graduated"), "completed"),
    **dict.fromkeys(
        ("cancelled", "canceled", "dropped", "withdrawn", "rejected", "declined", "expired", "inactive"),
        "cancelled",
    ),
    "refunded": "refunded",
}
CONTACT_STATUSES = {
    **dict.fromkeys(("new", "unread", "open", "pending", "received", "submitted", "0"), "new"),
    **dict.fromkeys(("read", "seen", "viewed", "in progress", "in review", "1"), "read"),
    **dict.fromkeys(("responded", "replied", "answered", "contacted"), "responded"),
    **dict.fromkeys(("closed", "resolved", "done", "completed", "archived", "spam", "handled", "processed"), "closed"),
}
PAYMENT_STATUSES = {
    **dict.fromkeys(
        ("succeeded", "success", "successful", "paid", "completed", "complete", "captured", "settled"), "succeeded"
    ),
    **dict.fromkeys(("partially refunded", "partial refund", "partly refunded"), "partially_refunded"),
    **dict.fromkeys(("refunded", "refund"), "refunded"),
    **dict.fromkeys(("disputed", "chargeback", "charged back", "dispute"), "disputed"),
    **dict.fromkeys(("failed", "failure", "declined", "error", "rejected"), "failed"),
    **dict.fromkeys(("canceled", "cancelled", "voided", "void", "expired", "abandoned"), "canceled"),
    **dict.fromkeys(
        (
            "created", "pending", "new", "open", "processing", "unpaid", "initiated", "requires action",
            "requires payment method", "requires confirmation", "requires capture", "authorized", "incomplete",
        ),
        "created",
    ),
}  # fmt: skip
ACCOUNT_STATES = {
    **dict.fromkeys(
        ("active", "enabled", "verified", "approved", "confirmed", "pending", "new", "unverified", "1", "true", "yes",
         "t", "y", "on"), "yes",
    ),
    **dict.fromkeys(
        ("inactive", "disabled", "banned", "blocked", "suspended", "deactivated", "deleted", "closed", "archived",
         "locked", "0", "false", "no", "f", "n", "off"), "no",
    ),
}  # fmt: skip
COURSE_STATES = {
    **dict.fromkeys(
        ("published", "active", "public", "live", "open", "visible", "available", "1", "true", "yes", "t", "y"), "yes"
    ),
    **dict.fromkeys(
        ("draft", "unpublished", "inactive", "private", "hidden", "archived", "pending", "closed", "deleted", "review",
         "0", "false", "no", "f", "n"), "no",
    ),
}  # fmt: skip
LEVELS = {
    **dict.fromkeys(("beginner", "beginners", "basic", "easy", "introductory", "novice", "foundation"), "beginner"),
    **dict.fromkeys(("intermediate", "medium", "middle"), "intermediate"),
    **dict.fromkeys(("advanced", "expert", "hard", "professional", "pro"), "advanced"),
    **dict.fromkeys(("", "all", "all levels", "any"), ""),
}
