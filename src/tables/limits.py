"""How large a table from outside may be."""

from __future__ import annotations

from dataclasses import dataclass

from src.config import Settings
from src.errors import InvalidTable

_MB = 1024**2


@dataclass(frozen=True)
class TableLimits:
    """Limits on one file; the defaults are those of the settings."""

    file_bytes: int = 200 * _MB
    expanded_bytes: int = 1_000 * _MB
    """Once decompressed, for CSV.gz and Parquet."""
    rows: int = 5_000_000
    columns: int = 1_000
    cells: int = 50_000_000
    cell_characters: int = 10_000

    @classmethod
    def from_settings(cls, settings: Settings) -> TableLimits:
        """Take the limits that the settings name."""
        return cls(
            file_bytes=settings.upload_max_mb * _MB,
            expanded_bytes=settings.upload_max_expanded_mb * _MB,
            rows=settings.upload_max_rows,
            columns=settings.upload_max_columns,
            cells=settings.upload_max_cells,
        )

    def check_shape(self, name: str, *, rows: int, columns: int) -> None:
        """Check how many rows, columns and cells a table has.

        Raises
        ------
        InvalidTable
            It has more than allowed.
        """
        if columns > self.columns:
            raise InvalidTable(
                "{name!r} has {columns:,} columns; at most {limit:,} are allowed. Leave out those you do not need or "
                "raise FAROL_UPLOAD_MAX_COLUMNS.",
                name=name,
                columns=columns,
                limit=self.columns,
            )
        if rows > self.rows:
            raise InvalidTable(
                "{name!r} has more than {limit:,} rows. Send fewer or raise FAROL_UPLOAD_MAX_ROWS.",
                name=name,
                limit=self.rows,
            )
        if rows * columns > self.cells:
            raise InvalidTable(
                "{name!r} has more than {limit:,} cells, with {columns:,} columns. Send fewer rows or columns, or "
                "raise FAROL_UPLOAD_MAX_CELLS.",
                name=name,
                limit=self.cells,
                columns=columns,
            )
