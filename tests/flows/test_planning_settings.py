from pathlib import Path

import pytest

from flows.settings import SettingsError, load_settings


def load(folder: Path, text: str) -> object:
    path = folder / "hearcast.toml"
    path.write_text(text)
    return load_settings(path, {})


def test_terms_are_read_with_their_defaults(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        "[planning]\nlead_time_days = 30\n"
        '[planning.categories."Dog Toys"]\nreview_period_days = 14\n'
        "[planning.skus.DOG-001]\nservice_level = 0.99\n",
    )
    rules = settings.planning.rules()
    assert rules.default == {
        "service_level": 0.95, "lead_time_days": 30.0, "lead_time_std_days": 0.0,
        "review_period_days": 7.0,
    }  # fmt: skip
    assert rules.categories == {"Dog Toys": {"review_period_days": 14.0}}
    assert rules.skus == {"DOG-001": {"service_level": 0.99}}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[planning]\nservice_levle = 0.9", "[planning] service_levle is not a known key; did you mean service_level?"),
        ("[planning]\nservice_level = 95.0", "[planning] service_level"),
        ("[planning]\nreview_period_days = 0", "[planning] review_period_days"),
        ('[planning]\ncurrency = "euros"', "[planning] currency"),
        (
            "[planning.skus.A]\nlead_time = 3",
            "[planning] skus.A.lead_time is not a known key; did you mean lead_time_days?",
        ),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_with_its_key(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SettingsError) as error:
        load(tmp_path, text)
    assert said in str(error.value)
    assert "\n" not in str(error.value)
