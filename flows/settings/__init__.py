"""The configuration: `hearcast.toml` and its overrides, checked before anything runs."""

from flows.settings.load import load_settings
from flows.settings.model import (
    Business,
    Forecast,
    Identity,
    Paths,
    Privacy,
    Run,
    Settings,
    Signal,
    Tagging,
    Validation,
)
from flows.settings.problem import SettingsError
from flows.settings.source import Source, TableSource

__all__ = [
    "Business",
    "Forecast",
    "Identity",
    "Paths",
    "Privacy",
    "Run",
    "Settings",
    "SettingsError",
    "Signal",
    "Source",
    "TableSource",
    "Tagging",
    "Validation",
    "load_settings",
]
