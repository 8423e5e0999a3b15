"""Parquet with honest types: amounts are decimals, moments are UTC, lists are lists; written group by group."""

from collections.abc import Iterable
from typing import Any, BinaryIO

from app.exchange.exports.forms.protocol import Heading, Value, values_of
from app.exchange.exports.layout import Column, Layout, Line, Type
from app.kit.json import dumps

GROUP_ROWS = 100_000
"""Rows of one row group, which are held in memory as columns."""
COLUMN_ROWS = 5_000
"""So many become columns at a time: as rows they take ten times as much memory."""


class ParquetForm:
    """Rows of one layout as a Parquet file. The library is large, and loaded only where such a file is made."""

    def __init__(self, file: BinaryIO, layout: Layout, heading: Heading) -> None:
        import pyarrow as pa  # noqa: PLC0415 (see above)
        from pyarrow.parquet import ParquetWriter  # noqa: PLC0415

        self._arrow: Any = pa
        self._columns = layout.columns
        self._schema = self._schema_of(heading)
        self._waiting: list[list[Value]] = []
        self._columns_held: list[Any] = []
        self._rows_held = 0
        words = [column.name for column in self._columns if column.type in {Type.WORD, Type.TEXT}]
        self._writer: Any = ParquetWriter(
            file, self._schema, compression="zstd", use_dictionary=words, write_statistics=True
        )

    def write(self, lines: Iterable[Line]) -> None:
        self._waiting += [values_of(line) for line in lines]
        if len(self._waiting) >= COLUMN_ROWS:
            self._turn()

    def close(self) -> None:
        if self._waiting:
            self._turn()
        if self._columns_held:
            self._write_group()
        self._writer.close()

    def _turn(self) -> None:
        """Rows into columns."""
        turned = zip(*self._waiting, strict=True)
        arrays = [self._array(column, values) for column, values in zip(self._columns, turned, strict=True)]
        self._columns_held.append(self._arrow.RecordBatch.from_arrays(arrays, schema=self._schema))
        self._rows_held += len(self._waiting)
        self._waiting = []
        if self._rows_held >= GROUP_ROWS:
            self._write_group()

    def _write_group(self) -> None:
        table = self._arrow.Table.from_batches(self._columns_held, schema=self._schema)
        self._writer.write_table(table, row_group_size=2 * GROUP_ROWS)
        self._columns_held, self._rows_held = [], 0

    def _array(self, column: Column, values: tuple[Value, ...]) -> Any:
        wanted = self._type_of(column)
        match column.type:
            case Type.SHARE | Type.DAYS:
                # Without decimals they come as whole numbers.
                texts = [None if value is None else str(value) for value in values]
                return self._arrow.array(texts, self._arrow.string()).cast(wanted)
            case Type.AMOUNT | Type.SUM | Type.MOMENT | Type.DATE:
                return self._arrow.array(values, self._arrow.string()).cast(wanted)
            case _:
                return self._arrow.array(values, wanted)

    def _type_of(self, column: Column) -> Any:
        arrow = self._arrow
        match column.type:
            case Type.WORD | Type.TEXT:
                return arrow.string()
            case Type.TEXTS:
                return arrow.list_(arrow.string())
            case Type.YEARS:
                return arrow.list_(arrow.int32())
            case Type.WHOLE:
                return arrow.int64()
            case Type.AMOUNT:
                return arrow.decimal128(20, 2)
            case Type.SUM:
                return arrow.decimal128(38, 2)
            case Type.SHARE:
                return arrow.decimal128(20, 6)
            case Type.DAYS:
                return arrow.decimal128(12, 1)
            case Type.FLAG:
                return arrow.bool_()
            case Type.MOMENT:
                return arrow.timestamp("us", "UTC")
            case Type.DATE:
                return arrow.date32()

    def _schema_of(self, heading: Heading) -> Any:
        fields = [
            self._arrow.field(
                column.name, self._type_of(column), metadata={"en": column.english, "id": column.indonesian}
            )
            for column in self._columns
        ]
        stated = {
            "rakor.dataset": heading.dataset,
            "rakor.moment": heading.moment.isoformat(),
            "rakor.question": dumps(heading.question).decode(),
            "rakor.masked": "true" if heading.masked else "false",
            **({} if heading.rows is None else {"rakor.rows": str(heading.rows)}),
            **({} if heading.cursor is None else {"rakor.cursor": heading.cursor}),
        }
        return self._arrow.schema(fields, metadata=stated)
