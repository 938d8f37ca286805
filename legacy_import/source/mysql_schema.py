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
TEXTS = ("char", "varchar", "tinytext", "text", "mediumtext", "longtext")
ODD_ID = "{} REGEXP '^ | $|[^ -~]'"  # of a text; a column of any other type spells each id in one way
