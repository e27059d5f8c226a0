"""The secret of an http source: out of the environment or a Prefect block, never anywhere else."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping

from flows.settings import Settings, SettingsError
from flows.settings.http import Http
from flows.sources.http.problem import PullProblem

MISSING_EXTRA = (
    'kind = "http" needs the extra http, which is not installed; run `make venv`, or '
    "`pip install -e .[http]`"
)


def there() -> bool:
    """Whether the library is installed that speaks to APIs."""
    return importlib.util.find_spec("dlt") is not None


def check_secrets(settings: Settings, environ: Mapping[str, str]) -> None:
    """Raises SettingsError for an http source whose variable is not set, before anything is read."""
    for source in settings.sources:
        http = source.http
        if http is None:
            continue
        if not there():
            raise SettingsError(f"{settings.file}: [[sources]] '{source.name}' {MISSING_EXTRA}")
        if http.token_env and not environ.get(http.token_env):
            raise SettingsError(
                f"{settings.file}: [[sources]] '{source.name}' token_env: the environment variable "
                f"{http.token_env} is not set; put the token of {http.system} there"
            )


def secret(http: Http, environ: Mapping[str, str]) -> str:
    """The token, or the secret of the app. Raises PullProblem where it is not there."""
    if not there():
        raise PullProblem("secret", MISSING_EXTRA)
    if http.token_env:
        told = environ.get(http.token_env, "").strip()
        if not told:
            raise PullProblem(
                "secret",
                f"the environment variable {http.token_env} is not set; put the token there",
            )
        return told
    return _block(http.token_block)


def _block(name: str) -> str:
    from prefect.blocks.system import Secret  # noqa: PLC0415 - starts a server where none runs

    try:
        value = Secret.load(name, _sync=True).get()  # type: ignore[union-attr, call-arg]
    except ValueError:
        raise PullProblem(
            "secret", f"no Prefect Secret block is named '{name}'; register it"
        ) from None
    if not value:
        raise PullProblem("secret", f"the Prefect Secret block '{name}' is empty; store the token")
    return str(value).strip()


def place(http: Http) -> str:
    """Where the secret is to be renewed, for people."""
    if http.token_env:
        return f"the environment variable {http.token_env}"
    return f"the Prefect Secret block '{http.token_block}'"
