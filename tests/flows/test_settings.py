"""Settings: defaults, overrides, paths, and one line for every mistake."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from flows.cli import _run_key
from flows.night import spec_of
from flows.settings import Settings, SettingsError, Validation, load_settings
from flows.storage import Access, ObjectPath

SOURCE = '[[sources]]\nname = "main"\norder_lines = "in/order_lines*.csv"\n'


def load(folder: Path, text: str = "", environ: dict[str, str] | None = None) -> Settings:
    file = folder / "hearcast.toml"
    file.write_text(text, encoding="utf-8")
    return load_settings(file, environ or {})


def mistake(folder: Path, text: str, environ: dict[str, str] | None = None) -> str:
    with pytest.raises(SettingsError) as caught:
        load(folder, text, environ)
    line = str(caught.value)
    assert "\n" not in line
    assert line.startswith(str(folder / "hearcast.toml") + ": ")
    return line.split(": ", 1)[1]


def test_an_empty_file_gives_the_documented_defaults(tmp_path: Path) -> None:
    settings = load(tmp_path)
    assert settings.business.timezone == "America/New_York"
    assert settings.business.week_start == "monday"
    assert settings.forecast.horizon_weeks == 13
    assert settings.forecast.season_weeks == 52
    assert settings.forecast.levels == ("total", "category", "sku")
    assert (settings.forecast.backtest_origins, settings.forecast.backtest_step_weeks) == (8, 4)
    assert len(settings.signals) == 12
    assert {signal.max_lag_weeks for signal in settings.signals} == {8}
    targets = {signal.name: signal.targets for signal in settings.signals}
    assert targets["durability_question"] == ("units", "returns")
    assert targets["delivery_worry"] == ("units", "tickets")
    assert settings.validation.thresholds("refunds") == (0.005, 0.05)
    assert settings.validation.snapshot_delete_hold_share == 0.2
    assert settings.tagging.languages == ("en", "pt")
    assert (settings.run.threads, settings.run.timeout_minutes) == (2, 120)


def test_paths_are_relative_to_the_file_and_not_to_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "h.toml").write_text('[paths]\nlake = "../lake"\n' + SOURCE)
    monkeypatch.chdir(tmp_path)
    settings = load_settings(Path("conf/h.toml"), {})
    assert settings.paths.lake == tmp_path / "lake"
    assert settings.paths.exports == tmp_path / "conf" / "data/var/exports"
    plan = settings.sources[0].tables["order_lines"]
    assert plan.path == (str(tmp_path / "conf/in/order_lines*.csv"),)
    assert settings.folder == tmp_path / "conf"


def test_a_table_may_be_a_pattern_a_list_or_a_table_of_keys(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        """
        [[sources]]
        order_lines = "a.csv"
        tags = ["b.csv", "c.csv"]
        products = { path = "d.csv", mode = "snapshot", map = { sku = "code" } }
        """,
    )
    source = settings.sources[0]
    assert (source.name, source.kind) == ("files", "files")
    assert len(source.tables["upstream_tags"].path) == 2
    products = source.tables["products"]
    assert products.mode == "snapshot"
    assert products.map["sku"].column == "code"


def test_the_environment_overrides_the_file(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        "[forecast]\nhorizon_weeks = 4\n",
        {
            "HEARCAST_FORECAST__HORIZON_WEEKS": "6",
            "HEARCAST_FORECAST__LEVELS": '["total"]',
            "HEARCAST_BUSINESS__NAME": "42",
            "HEARCAST_BUSINESS__TIMEZONE": "Asia/Kathmandu",
            "HEARCAST_PATHS__LAKE": "elsewhere",
            "HEARCAST_VALIDATION__TABLES__REFUNDS__HOLD_SHARE": "0.5",
            "HEARCAST_EXAMPLES_DATA": "not ours",
        },
    )
    assert settings.forecast.horizon_weeks == 6
    assert settings.forecast.levels == ("total",)
    assert settings.business.name == "42"
    assert settings.business.timezone == "Asia/Kathmandu"
    assert settings.paths.lake == tmp_path / "elsewhere"
    assert settings.validation.thresholds("refunds") == (0.005, 0.5)
    assert settings.validation.thresholds("order_lines") == (0.005, 0.05)


def test_variables_in_paths_are_filled_in(tmp_path: Path) -> None:
    text = '[[sources]]\norder_lines = "${DATA}/x/*.csv"\n'
    settings = load(tmp_path, text, {"DATA": "/some/where"})
    assert settings.sources[0].tables["order_lines"].path == ("/some/where/x/*.csv",)
    shell = load(tmp_path, text, {"DATA": "../data"}).sources[0].tables["order_lines"]
    assert shell.path == (str(Path.cwd().parent / "data/x/*.csv"),)
    assert mistake(tmp_path, text) == (
        "[[sources]] 'files' order_lines uses ${DATA}, which is not set; set it to a folder"
    )


def table(keys: str) -> str:
    return f'[[sources]]\nname = "m"\n[sources.order_lines]\npath = "x.csv"\n{keys}\n'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "[forecast]\nhorizon_week = 3",
            "[forecast] horizon_week is not a known key; did you mean horizon_weeks?",
        ),
        ("[forcast]\nx = 3", "[forcast] is not a known section; did you mean forecast?"),
        (
            '[forecast]\nhorizon_weeks = "3"',
            "[forecast] horizon_weeks must be a whole number (got '3')",
        ),
        (
            "[forecast]\nhorizon_weeks = true",
            "[forecast] horizon_weeks must be a whole number (got True)",
        ),
        (
            "[forecast]\nhorizon_weeks = 500",
            "[forecast] horizon_weeks should be less than or equal to 104 (got 500)",
        ),
        ('[forecast]\nlevels = "sku"', "[forecast] levels must be a list in brackets (got 'sku')"),
        (
            '[forecast]\nlevels = ["skus"]',
            "[forecast] levels[1] can't be 'skus'; did you mean sku?",
        ),
        (
            '[business]\ncountry = "XX"',
            "[business] country 'XX' has no calendar; give a code of ISO 3166 such as US or GB-ENG",
        ),
        (
            '[business]\ntimezone = "Europe/Londn"',
            "[business] timezone 'Europe/Londn' is not a known time zone; "
            "give an IANA name such as Europe/London",
        ),
        ("[business]\nname = 3", "[business] name must be text in quotes (got 3)"),
        (
            '[paths]\nlake = "ftp://bucket/x"',
            "[paths] lake is none of s3://, gs://, az://; give one of these or a local path",
        ),
        (
            '[[sources]]\norder_line = "a"',
            "[[sources]] #1 order_line is not a known key; did you mean order_lines?",
        ),
        (
            '[[sources]]\nkind = "ftp"\norder_lines = "x"',
            "[[sources]] 'ftp' kind 'ftp' is not a kind of source; use one of files, inbox, sql, http",
        ),
        (SOURCE + SOURCE, "[[sources]] two are named 'main'; give each its own name"),
        ('[sources]\nname = "m"', "[[sources]] is a list: write [[sources]] with two brackets"),
        (
            table('map = { skuu = "a" }'),
            "[[sources]] 'm' order_lines.map.skuu is not a column of order_lines; "
            "did you mean sku?",
        ),
        (
            table('map = { sku = { colum = "a" } }'),
            "[[sources]] 'm' order_lines.map.sku.colum is not a known key; did you mean column?",
        ),
        (
            table('mode = "snap"'),
            "[[sources]] 'm' order_lines.mode can't be 'snap'; did you mean snapshot?",
        ),
        (
            table('route = [{ to = "refund", when = { column = "a", null = true } }]'),
            "[[sources]] 'm' route to 'refund': no such table; did you mean refunds?",
        ),
        (
            "[validation.tables.refund]\nwarn_share = 0.1",
            "[validation] tables.refund: no such table; did you mean refunds?",
        ),
        (
            "[validation]\nwarn_share = 0.1",
            "[validation] warn_share 0.1 is above hold_share 0.05 (order_lines)",
        ),
        (
            '[[sources]]\nname = "m"\nkind = "inbox"',
            "[[sources]] 'm' names no folder; add one, e.g. path = \"in\"",
        ),
        (
            '[[sources]]\nname = "m"\nkind = "inbox"\npath = "in"\norder_lines = "x.csv"',
            "[[sources]] 'm' order_lines: an inbox tells files apart itself; give path alone, and put "
            "tables into a second [[sources]]",
        ),
        (
            '[[sources]]\nname = "m"\npath = "in"\norder_lines = "x.csv"',
            "[[sources]] 'm' path goes with kind = \"inbox\"; give each table its own, or that kind",
        ),
        (
            '[[sources]]\nname = "m"\nkind = "inbox"\npath = "http://in"',
            "[[sources]] 'm' path[1] is none of s3://, gs://, az://; give one of these or a local path",
        ),
        ("[[signals]]\ntargets = ['units']", "[[signals]] #1 name is missing"),
        ("[run]\nthreads = 0", "[run] threads should be greater than or equal to 1 (got 0)"),
    ],
)
def test_a_mistake_gets_one_line_with_the_key_and_the_remedy(
    tmp_path: Path, text: str, expected: str
) -> None:
    assert mistake(tmp_path, text) == expected


def test_unreadable_configurations_get_one_line_too(tmp_path: Path) -> None:
    assert "line 2" in mistake(tmp_path, "[forecast]\nx = = 3\n")
    with pytest.raises(SettingsError, match="no such file"):
        load_settings(tmp_path / "none.toml", {})
    with pytest.raises(SettingsError, match="is a folder"):
        load_settings(tmp_path, {})
    (tmp_path / "latin.toml").write_bytes("[business]\nname = 'é'".encode("latin-1"))
    with pytest.raises(SettingsError, match="not UTF-8"):
        load_settings(tmp_path / "latin.toml", {})


def test_a_mistake_in_the_environment_names_the_variable(tmp_path: Path) -> None:
    line = mistake(tmp_path, "", {"HEARCAST_FORECAST__HORIZON_WEEKS": "many"})
    assert line.startswith("environment HEARCAST_FORECAST__HORIZON_WEEKS: ")
    line = mistake(tmp_path, "", {"HEARCAST_FORCAST__LEVELS": "[]"})
    assert line.endswith("no section forcast; did you mean forecast?")


def test_settings_cannot_be_changed_afterwards(tmp_path: Path) -> None:
    settings = load(tmp_path)
    with pytest.raises(ValueError, match="frozen"):
        settings.business.timezone = "UTC"


@pytest.mark.parametrize("part", ["## Sources", "## Column mapping"])
def test_the_documented_configuration_loads(tmp_path: Path, part: str) -> None:
    page = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text(encoding="utf-8")
    text = page.split(part, 1)[1].split("```toml\n", 1)[1].split("```", 1)[0]
    head = "[[sources]]\n" if "[[sources]]" not in text else ""
    assert load(tmp_path, head + text).sources[0].tables


def test_the_documented_keys_and_defaults_are_the_real_ones(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text(encoding="utf-8")
    table = page.split("## Sections", 1)[1].split("## Sources", 1)[0]
    settings = load(tmp_path)
    for name in (
        "business",
        "paths",
        "forecast",
        "validation",
        "tagging",
        "run",
        "privacy",
        "identity",
        "alerts",
    ):
        for key, value in getattr(settings, name):
            if key == "tables":
                continue
            shown = json.dumps(value) if not isinstance(value, Path) else '"data/var/' + value.name
            assert re.search(rf"[ *]{key} \| {re.escape(shown)}", table), key


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ("[privacy]\nredacted_retention_days = 30\n", "greater than text_retention_days"),
        (
            "[privacy]\ntext_retention_days = 30\nredacted_retention_days = 30\n",
            "greater than text_retention_days",
        ),
        ("[privacy]\norder_numbers = 'hide'\n", "keep"),
        ("[identity]\nown_ids = ['nobody']\n", "no source is named 'nobody'"),
    ],
)
def test_mistakes_of_privacy_are_named(tmp_path: Path, extra: str, words: str) -> None:
    assert words in mistake(tmp_path, extra)


def test_threads_are_read_before_the_settings_and_the_environment_counts_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "hearcast.toml"
    config.write_text("[business]\nname = 'Café'\n[run]\nthreads = 3\n", encoding="utf-8")
    monkeypatch.delenv("HEARCAST_RUN__THREADS", raising=False)
    assert _run_key(str(config), "threads") == 3
    monkeypatch.setenv("HEARCAST_RUN__THREADS", "1")
    assert _run_key(str(config), "threads") == 1
    monkeypatch.setenv("HEARCAST_RUN__THREADS", "many")
    assert _run_key(str(config), "threads") is None
    assert _run_key(str(config), "timeout_minutes") is None
    assert _run_key(str(tmp_path / "absent.toml"), "threads") is None


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ("[alerts]\nblocks = ['https://hooks.example.com/x']\n", "blocks"),
        ("[alerts]\nmin_severity = 'urgent'\n", "min_severity can't be 'urgent'"),
        ("[alerts]\nurls = ['x']\n", "[alerts] urls is not a known key"),
    ],
)
def test_mistakes_of_alerts_are_named_and_addresses_have_no_key(
    tmp_path: Path, extra: str, words: str
) -> None:
    assert words in mistake(tmp_path, extra)


def test_one_slip_among_few_rows_written_by_hand_does_not_hold_their_table() -> None:
    rules = Validation()
    assert rules.thresholds("overrides") == (0.005, 0.5)
    assert rules.thresholds("order_lines") == (0.005, 0.05)
    own = Validation.model_validate({"tables": {"overrides": {"hold_share": 0.1}}})
    assert own.thresholds("overrides") == (0.005, 0.1)


def test_addresses_in_buckets_are_reached_as_storage_says(tmp_path: Path) -> None:
    path = tmp_path / "hearcast.toml"
    path.write_text(
        '[paths]\nlake = "s3://private/lake"\n[storage]\nendpoint = "https://host"\nlease_seconds = 60\n'
        '[[sources]]\nname = "m"\norder_lines = "gs://in/**/orders*.csv"\n'
    )
    settings = load_settings(path, {"HEARCAST_PATHS__EXPORTS": "az://open/exports"})
    access = Access("https://host", lease_seconds=60)
    assert settings.paths.lake == ObjectPath.of("s3://private/lake", access)
    assert settings.paths.exports == ObjectPath.of("az://open/exports", access)
    assert settings.sources[0].tables["order_lines"].path == ("gs://in/**/orders*.csv",)


@pytest.mark.parametrize(
    ("lake", "exports", "said"),
    [
        ("z", "z", "lake and exports are the same folder: "),
        ("z/", "./y/../z", "lake and exports are the same folder: "),
        ("z/lake", "z", "lake lies inside exports: "),
        ("z", "z/all/exports", "exports lies inside lake: "),
        ("link/lake", "z", "lake lies inside exports: "),
        ("s3://acme/h", "s3://acme//h/", "lake and exports are the same folder: "),
        ("s3://acme/lake", "s3://acme", "lake lies inside exports: "),
        ("gs://acme/lake", "gs://acme/lake/exports", "exports lies inside lake: "),
    ],
)
def test_what_is_published_and_what_landed_lie_apart(
    tmp_path: Path, lake: str, exports: str, said: str
) -> None:
    (tmp_path / "z").mkdir()
    (tmp_path / "link").symlink_to("z")
    line = mistake(tmp_path, f'[paths]\nlake = "{lake}"\nexports = "{exports}"\n')
    assert line.startswith(f"[paths] {said}")
    assert mistake(tmp_path, f'[paths]\nlake = "{lake}"', {"HEARCAST_PATHS__EXPORTS": exports})


@pytest.mark.parametrize(
    ("lake", "exports"),
    [("z/lake", "z/exports"), ("z/lake", "z/lake-exports"), ("s3://a/z", "s3://a/zz"), ("z", "s3://a/z"),
     ("s3://acme/z", "gs://acme/z")],
)  # fmt: skip
def test_folders_side_by_side_are_apart(tmp_path: Path, lake: str, exports: str) -> None:
    assert load(tmp_path, f'[paths]\nlake = "{lake}"\nexports = "{exports}"\n').paths


@pytest.mark.parametrize("name", ["../../etc", "..", "/etc", "a/b", "a\\\\b", ".hidden", ""])
def test_a_source_is_named_so_that_no_path_can_be_made_of_it(tmp_path: Path, name: str) -> None:
    assert "name" in mistake(tmp_path, f'[[sources]]\nname = "{name}"\norder_lines = "in/*"\n')


SQL = "[[sources]]\nname = 'shop'\nkind = 'sql'\n"


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("url = 'postgresql://u:geheim@h/d'\nrefunds = 'r'", "url holds a password or key"),
        ("url = 'mysql://h/d?password=geheim'\nrefunds = 'r'", "url holds a password or key"),
        ("url = 'snow://h/d?token=geheim'\nrefunds = 'r'", "url holds a password or key"),
        ("url = 'geheim'\nrefunds = 'r'", "url has no scheme"),
        ("refunds = 'r'", "needs exactly one of url_env"),
        ("url_env = 'A'\nurl_block = 'b'\nrefunds = 'r'", "needs exactly one of url_env"),
        ("url_env = 'A'", 'names no table; add one, e.g. order_lines = "public.order_lines"'),
        ("url_env = 'A'\npath = 'in'\nrefunds = 'r'", "path goes with files"),
        ("url_env = 'A'\nrefunds = { table = 'r', query = 'select 1' }", "exactly one of table"),
        ("url_env = 'A'\nrefunds.query = 'drop table r'", "begins with 'drop'"),
        ("url_env = 'A'\nrefunds.query = 'select 1; select 2'", "more than one statement"),
        (
            "url_env = 'A'\nrefunds = { table = 'r', overlap = '1h' }",
            "overlap goes with a watermark",
        ),
        (
            "url_env = 'A'\nrefunds = { table = 'r', watermark = 'w', mode = 'snapshot' }",
            "watermark reads what is new, a snapshot all there is",
        ),
        (
            "url_env = 'A'\nrefunds = { tabel = 'r' }",
            "refunds.tabel is not a known key; did you mean table?",
        ),
        ("url_envv = 'A'\nrefunds = 'r'", "url_envv is not a known key; did you mean url_env?"),
        ("url_env = 'A'\nrefunds = 'r'\nlock_timeout_seconds = 0", "lock_timeout_seconds"),
    ],
)
def test_a_mistake_in_a_database_is_one_line_without_its_password(
    keys: str, said: str, tmp_path: Path
) -> None:
    path = tmp_path / "hearcast.toml"
    path.write_text(SQL + keys)
    with pytest.raises(SettingsError) as caught:
        load_settings(path, {})
    line = str(caught.value)
    assert said in line
    assert "[[sources]] 'shop'" in line
    assert "geheim" not in line
    assert "\n" not in line


def test_a_databases_file_lies_beside_the_configuration(tmp_path: Path) -> None:
    path = tmp_path / "hearcast.toml"
    lookup = "{ table = 'r', lookup = [{ file = 'l.csv', on = 'a', columns = ['b'] }] }"
    path.write_text(f"{SQL}url = 'duckdb:///in/s.duckdb'\nrefunds = {lookup}")
    source = load_settings(path, {}).sources[0]
    assert source.database is not None
    assert source.database.url == f"duckdb:///{tmp_path}/in/s.duckdb"
    assert source.queries["refunds"].table == "r"
    assert source.queries["refunds"].lookup[0].file == str(tmp_path / "l.csv")


def test_keys_of_a_database_go_with_its_kind_alone(tmp_path: Path) -> None:
    path = tmp_path / "hearcast.toml"
    path.write_text("[[sources]]\nname = 'shop'\nurl_env = 'A'\nrefunds = 'r'")
    with pytest.raises(SettingsError, match='url_env goes with kind = "sql"'):
        load_settings(path, {})


def test_how_many_series_are_audited_reaches_the_forecast(tmp_path: Path) -> None:
    path = tmp_path / "hearcast.toml"
    path.write_text("[forecast]\naudit_series = 3\n")
    assert spec_of(load_settings(path, {})).audit_series == 3
    path.write_text("[forecast]\naudit_series = -1\n")
    with pytest.raises(SettingsError, match="audit_series"):
        load_settings(path, {})
