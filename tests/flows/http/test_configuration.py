"""What an http source may be told, and what its mistakes are answered with."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.settings import SettingsError, load_settings

GOOD = {"system": "'shopify'", "url": "'acme'", "token_env": "'SHOP_TOKEN'"}


def written(folder: Path, **keys: str) -> Path:
    file = folder / "hearcast.toml"
    lines = "\n".join(f"{key} = {value}" for key, value in {**GOOD, **keys}.items() if value)
    file.write_text(f"[[sources]]\nname = 'shop'\nkind = 'http'\n{lines}\n")
    return file


@pytest.mark.parametrize(
    ("system", "url", "address"),
    [
        ("shopify", "acme", "https://acme.myshopify.com"),
        ("shopify", "acme.myshopify.com/", "https://acme.myshopify.com"),
        ("zendesk", "acme", "https://acme.zendesk.com"),
        ("gorgias", "https://acme.gorgias.com", "https://acme.gorgias.com"),
        ("gorgias", "http://localhost:8080", "http://localhost:8080"),
    ],
)
def test_an_account_s_name_or_address_is_enough(
    tmp_path: Path, system: str, url: str, address: str
) -> None:
    http = (
        load_settings(written(tmp_path, system=f"'{system}'", url=f"'{url}'"), {}).sources[0].http
    )
    assert http is not None
    assert http.address == address
    assert http.chosen[0] in ("orders", "comments", "messages")


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ({"url": ""}, "url is missing"),
        ({"system": "'shopfy'"}, "system can't be 'shopfy'; did you mean shopify?"),
        ({"token": "'shpat_secret'"}, "token is not a known key; did you mean token_env?"),
        ({"token_env": ""}, "needs token_env, the name of an environment variable, or token_block"),
        (
            {"token_block": "'b'"},
            "needs token_env, the name of an environment variable, or token_block",
        ),
        ({"url": "'https://a:b@acme.example'"}, "url must be an address alone"),
        ({"url": "'https://acme.example?key=s3cret'"}, "url must be an address alone"),
        ({"url": "'http://acme.example'"}, "http:// would send the token in the clear"),
        ({"endpoints": "['tickets']"}, "shopify has no 'tickets'; choose from orders, returns"),
        ({"user": "'ada'"}, "user: goes with zendesk and gorgias"),
        ({"system": "'gorgias'", "client_id": "'x'"}, "client_id: goes with shopify"),
        ({"order_lines": "'x.csv'"}, "order_lines: goes with another kind"),
        ({"path": "'in'"}, "path: goes with another kind"),
        ({"api_version": "'latest'"}, "api_version"),
        ({"limit_minutes": "0"}, "limit_minutes should be greater than or equal to 1"),
        ({"token_env": "'no such name'"}, "token_env"),
    ],
)
def test_a_mistake_is_one_line(tmp_path: Path, keys: dict[str, str], line: str) -> None:
    with pytest.raises(SettingsError) as told:
        load_settings(written(tmp_path, **keys), {})
    text = str(told.value)
    assert line in text
    assert "\n" not in text
    assert text.startswith(f"{tmp_path / 'hearcast.toml'}: [[sources]] 'shop'")
    assert not {"shpat_secret", "s3cret", "a:b"} & set(text.replace("'", " ").split())
    assert "s3cret" not in text
