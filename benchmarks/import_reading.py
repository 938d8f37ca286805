"""How fast an old database is read and mapped, on one core: `python -m benchmarks.import_reading CONNECTION`.

It prints rows a second of processor time for each table: reading alone, and reading with mapping, by columns as an
import does it and row by row. Nothing is stored.
"""

import gc
import sys
import time
from collections.abc import Callable

from legacy_import.aliases import Kind, TableLayout, understand
from legacy_import.columns import ColumnMapper
from legacy_import.mapping import compile_mapper
from legacy_import.rows import Chunk, ImportOptions
from legacy_import.source import Source, open_source, read_schema


def rate(source: Source, table: TableLayout, use: Callable[[Chunk], object]) -> float:
    """Return rows a second of processor time."""
    rows, started = 0, time.process_time()
    for chunk in source.chunks(table.table, key=table.key):
        rows += len(chunk.values)
        use(chunk)
    return rows / (time.process_time() - started)


def uses(kind: Kind, table: TableLayout) -> dict[str, Callable[[Chunk], object]]:
    """Return what is done with the rows, by its name."""
    map_row = compile_mapper(kind, table, ImportOptions())
    return {
        "reading": lambda chunk: len(chunk.values),
        "and mapping columns": ColumnMapper(kind, table, ImportOptions()),
        "or rows": lambda chunk: list(map(map_row, chunk.rows())),
    }


def main(connection: str) -> None:
    """Measure every table that is understood, without the collector, as an import would run."""
    gc.disable()
    with open_source(connection) as source:
        for kind, table in understand(read_schema(source)).tables.items():
            sys.stdout.write(f"{kind:14} {source.count(table.table):>9,} rows")
            for name, use in uses(kind, table).items():
                sys.stdout.write(f"  {name} {rate(source, table, use):>9,.0f}/s")
            sys.stdout.write("\n")


if __name__ == "__main__":
    main(sys.argv[1])
