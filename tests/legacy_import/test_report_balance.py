"""What an import says about itself."""

import json

import pytest

from legacy_import.report import EXAMPLES, Report, TableReport


def table(**counts: int) -> TableReport:
    """Return the report of a table of ten rows."""
    made = TableReport("users", "Users", ["shoe_size"], in_source=10, read=10)
    for name, number in counts.items():
        setattr(made, name, number)
    return made


def report_of(*tables: TableReport) -> Report:
    """Return the report of a run."""
    return Report("a-run", "old.sqlite3", {"timezone": "UTC"}, False, ["contacts"], ["logs"], list(tables))


def test_a_table_balances_when_each_row_became_exactly_one_thing() -> None:
    assert table(created=3, updated=3, unchanged=2, merged=1, rejected=1).balances


@pytest.mark.parametrize(
    "counts", [{"created": 9}, {"created": 11}, {"created": 10, "in_source": 11}, {"created": 9, "read": 9}]
)
def test_a_row_too_many_or_too_few_unbalances_the_run(counts: dict[str, int]) -> None:
    assert not report_of(table(created=10), table(**counts)).balances


def test_a_coercion_is_counted_and_its_first_value_is_the_sample() -> None:
    shown = table(created=10)
    for before in ("O&#x27;Brien", "A &amp; B"):
        shown.coerce("name", "html_unescaped", before)

    assert report_of(shown).as_json()["tables"][0]["coerced"] == [
        {"field": "name", "note": "html_unescaped", "count": 2, "sample": "O&#x27;Brien"}
    ]
    assert "O&#x27;Brien" in report_of(shown).as_text()


def test_the_report_stays_small_whatever_the_table_and_the_counts_stay_true() -> None:
    shown = table()
    for number in range(1000):
        shown.refuse(str(number), "no e-mail address")
        shown.merge(str(number), "an-id")

    report = report_of(shown)
    assert report.rejected == 1000
    assert len(report.as_json()["tables"][0]["refusals"]) == EXAMPLES
    assert f"{1000 - EXAMPLES} more, see the file" in report.as_text()


def test_old_values_cannot_format_or_forge_the_report() -> None:
    shown = table(created=10)
    shown.coerce("name", "trimmed", "[red]not red[/red] [/]")
    shown.refuse("[bold]7[/bold]", "[link=x]why[/link]")

    text = report_of(shown).as_text()
    assert "[red]not red[/red] [/]" in text
    assert "Rejected: Users [bold]7[/bold]: [link=x]why[/link]" in text


def test_the_json_is_plain_json() -> None:
    assert json.loads(json.dumps(report_of(table(created=10)).as_json()))["balances"] is True


def test_the_text_names_what_was_left_and_how_it_was_read() -> None:
    text = report_of(table(created=10)).as_text()

    assert "Read with: timezone UTC" in text
    assert "does not have: contacts" in text
    assert "left alone: logs" in text
    assert "Columns of Users that were left alone: shoe_size" in text
