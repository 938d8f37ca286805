"""What a MySQL or MariaDB server is asked about the tables of a database, in its own words."""

TABLES = """
    SELECT table_name FROM information_schema.tables
    WHERE table_schema = DATABASE() AND table_type IN ('BASE TABLE', 'SYSTEM VERSIONED', 'VIEW')
    ORDER BY table_type = 'VIEW', table_name
"""
# The comment is read by MariaDB alone: since when a row of a SYSTEM VERSIONED table holds, its server keeps for itself.
COLUMNS = """
    SELECT column_name, column_type FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = %s
    /*M!100300 AND COALESCE(generation_expression, '') NOT IN ('ROW START', 'ROW END') */
    ORDER BY ordinal_position
"""
PRIMARY_KEY = """
    SELECT column_name FROM information_schema.statistics
    WHERE table_schema = DATABASE() AND table_name = %s AND index_name = 'PRIMARY' ORDER BY seq_in_index
"""
# MySQL before 8.0 and MariaDB before 10.10 give the first TIMESTAMP of a table ON UPDATE where nobody asked for it.
MOVING = """
    SELECT column_name FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = %s AND LOCATE('on update', LOWER(extra)) > 0
"""
TEXTS = ("char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum")
BINARIES = ("binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob")
ODD_TEXT = "{} REGEXP '^ | $|[^ -~]'"
_SPACE = "(0[9A-D]|1[C-F]|20|C285|C2A0|E19A80|E280(8[0-9A]|A[89F])|E2819F|E38080)"  # what Python strips, in UTF-8
_PRINTABLE = "([2-6][0-9A-F]|7[0-9A-E])"
# Of bytes only a plain text with space around it is read as another spelling: hardly any UUID is one. They are matched
# in hexadecimal, since MySQL 8 refuses to match bytes.
ODD_BYTES = f"HEX({{}}) REGEXP '^{_SPACE}+{_PRINTABLE}*{_SPACE}*$|^{_PRINTABLE}+{_SPACE}+$'"


def odd_id(column: str, declared: str) -> str:
    """Say in SQL which ids of a quoted column are odd; "" for a type that spells each id in one way, as numbers do."""
    kind = declared.partition("(")[0].split()[0].lower()
    odd = ODD_TEXT if kind in TEXTS else ODD_BYTES if kind in BINARIES else ""
    return odd.format(column)
