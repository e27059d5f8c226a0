"""Published Parquet opens, with plain types, in what planners and analysts have."""

from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flows.parquet import write_table
from tests import review_frames as made
from tests.export_frames import all_frames
from transforms.contracts import EXPORTS
from transforms.hub import forecasts_hub, hub_levels

PLAIN = {
    pa.string(),
    pa.date32(),
    pa.float64(),
    pa.int32(),
    pa.int64(),
    pa.bool_(),
    pa.timestamp("us", tz="UTC"),
}
"""Types that Power Query, Power BI and Tableau read: no dictionary, no large or view text, no nesting."""
PHYSICAL = {"BYTE_ARRAY", "INT32", "INT64", "DOUBLE", "BOOLEAN"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """forecasts and forecasts_hub of a few SKUs."""
    target = tmp_path_factory.mktemp("parquet")
    ahead = made.forecasts(5)
    write_table(EXPORTS["forecasts"], ahead, target / "forecasts.parquet")
    hub = forecasts_hub(ahead, hub_levels(ahead))
    write_table(EXPORTS["forecasts_hub"], hub, target / "forecasts_hub.parquet")
    return target


@pytest.mark.parametrize("name", sorted(EXPORTS))
def test_every_table_is_of_plain_types(name: str, tmp_path: Path) -> None:
    write_table(EXPORTS[name], all_frames(20)[name], tmp_path / "table.parquet")
    file = pq.ParquetFile(tmp_path / "table.parquet")
    types = {field.name: field.type for field in file.schema_arrow}
    assert {n: str(t) for n, t in types.items() if t not in PLAIN} == {}
    columns = [file.schema.column(i) for i in range(len(types))]
    assert {column.physical_type for column in columns} <= PHYSICAL
    assert all(column.max_repetition_level == 0 for column in columns)
    codecs = {file.metadata.row_group(0).column(i).compression for i in range(len(types))}
    assert codecs == {"ZSTD"}


def test_duckdb_reads_the_forecasts(folder: Path) -> None:
    path = folder / "forecasts.parquet"
    query = f"""SELECT level, count(*), sum(mean), min(week_start), max(horizon)
        FROM '{path}' WHERE target = 'units' GROUP BY level ORDER BY level"""
    found = duckdb.sql(query).fetchall()
    ours = pl.read_parquet(path).filter(pl.col("target") == "units")
    assert [row[0] for row in found] == ["category", "sku", "total"]
    for level, n, total, first, last in found:
        mine = ours.filter(pl.col("level") == level)
        assert (n, first, last) == (mine.height, made.RUNNING, 13)
        assert total == pytest.approx(mine["mean"].sum(), rel=1e-12)


def test_pandas_reads_the_forecasts(folder: Path) -> None:
    frame = pd.read_parquet(folder / "forecasts.parquet")
    ours = pl.read_parquet(folder / "forecasts.parquet")
    assert list(frame.columns) == list(EXPORTS["forecasts"].names)
    assert frame["mean"].tolist() == ours["mean"].to_list()
    assert frame["week_start"].tolist() == ours["week_start"].to_list()
    assert frame["horizon"].dtype == "int32"
    assert frame["channel"].isna().all()


def test_duckdb_reads_the_hub_with_one_frozen_type_for_levels(folder: Path) -> None:
    path = folder / "forecasts_hub.parquet"
    types = dict(
        duckdb.sql(f"DESCRIBE SELECT * FROM '{path}'")
        .project("column_name, column_type")
        .fetchall()
    )
    assert types["output_type_id"] == types["value"] == "DOUBLE"
    assert types["reference_date"] == types["target_end_date"] == "DATE"
    assert types["horizon"] == "INTEGER"
    kinds = duckdb.sql(
        f"SELECT DISTINCT output_type, output_type_id IS NULL FROM '{path}'"
    ).fetchall()
    assert set(kinds) == {("mean", True), ("median", True), ("quantile", False)}
