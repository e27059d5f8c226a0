"""Phone numbers in one form: E.164, by the calling codes and trunk prefixes of ITU's numbering plans."""

from __future__ import annotations

import polars as pl

_CODES = {
    "US": ("1", "1"), "CA": ("1", "1"), "GB": ("44", "0"), "IE": ("353", "0"), "AU": ("61", "0"), "NZ": ("64", "0"),
    "BR": ("55", "0"), "PT": ("351", ""), "ES": ("34", ""), "FR": ("33", "0"), "DE": ("49", "0"), "AT": ("43", "0"),
    "CH": ("41", "0"), "IT": ("39", ""), "NL": ("31", "0"), "BE": ("32", "0"), "LU": ("352", ""), "DK": ("45", ""),
    "NO": ("47", ""), "SE": ("46", "0"), "FI": ("358", "0"), "IS": ("354", ""), "PL": ("48", ""), "CZ": ("420", ""),
    "SK": ("421", "0"), "HU": ("36", "06"), "RO": ("40", "0"), "BG": ("359", "0"), "GR": ("30", ""), "HR": ("385", "0"),
    "SI": ("386", "0"), "EE": ("372", ""), "LV": ("371", ""), "LT": ("370", "0"), "MT": ("356", ""), "CY": ("357", ""),
    "TR": ("90", "0"), "UA": ("380", "0"), "IL": ("972", "0"), "AE": ("971", "0"), "SA": ("966", "0"), "ZA": ("27", "0"),
    "NG": ("234", "0"), "KE": ("254", "0"), "EG": ("20", "0"), "MA": ("212", "0"), "IN": ("91", "0"), "PK": ("92", "0"),
    "SG": ("65", ""), "HK": ("852", ""), "MY": ("60", "0"), "TH": ("66", "0"), "ID": ("62", "0"), "PH": ("63", "0"),
    "VN": ("84", "0"), "JP": ("81", "0"), "KR": ("82", "0"), "CN": ("86", "0"), "TW": ("886", "0"), "MX": ("52", ""),
    "AR": ("54", "0"), "CL": ("56", ""), "CO": ("57", ""), "PE": ("51", "0"), "UY": ("598", "0"), "PR": ("1", "1"),
}  # fmt: skip
"""ISO 3166 country to calling code and the prefix that is dialled within the country only."""
_EXTENSION = r"(?i)[ ,;]*(?:x|ext\.?|extension|ramal|#)[ .:]*\d{1,6}\s*$"
LEAST, MOST = 7, 15


def e164(values: pl.Series, country: str) -> pl.Series:
    """Each number as "+" and digits; null where it is none. Extensions are left out.

    `country` (ISO 3166, "none" where it is not known) says whose a number without a country code
    is. Where it is not known such numbers keep their digits without "+" and leading zeros, and so
    equal each other only: nothing is guessed.
    """
    code, trunk = _CODES.get(country.split("-", maxsplit=1)[0].upper(), ("", ""))
    text = values.cast(pl.String).str.replace(_EXTENSION, "").str.strip_chars()
    abroad = text.str.contains(r"^\(?(?:\+|00)")
    digits = text.str.replace(r"\(0\)", "").str.replace_all(r"\D", "")
    far = digits.str.replace(r"^00", "")
    near = digits.str.replace(rf"^{trunk}", "") if trunk else digits
    if not code:
        home = digits.str.replace(r"^0+", "")
    elif trunk == "1":
        home = "+1" + near
    else:
        home = "+" + code + near
    frame = pl.DataFrame({"abroad": abroad, "far": "+" + far, "home": home})
    found = frame.select(pl.when("abroad").then("far").otherwise("home")).to_series()
    length = found.str.count_matches(r"\d")
    sound = length.is_between(LEAST, MOST).fill_null(False)
    return pl.select(pl.when(sound).then(found)).to_series().alias(values.name)
