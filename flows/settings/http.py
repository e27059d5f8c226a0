"""Keys of a `[[sources]]` section of kind "http": which system, where, and whose token."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, Strict, field_validator, model_validator

from transforms.mapping_spec import Spec
from transforms.pulls.systems import SYSTEMS

_HERE = ("localhost", "127.0.0.1", "::1")
_NAME = r"^[A-Za-z_][A-Za-z0-9_]*$"


class Http(Spec):
    """One account of one system. The token itself never stands here."""

    system: Literal["shopify", "zendesk", "gorgias"]
    url: Annotated[str, Field(min_length=1, max_length=300)]
    token_env: Annotated[str, Field(pattern=f"^$|{_NAME}")] = ""
    token_block: str = ""
    user: str = ""
    client_id: str = ""
    endpoints: tuple[str, ...] = ()
    since: date | None = None
    overlap_minutes: Annotated[int, Strict(), Field(ge=0, le=100_000)] = 60
    limit_minutes: Annotated[int, Strict(), Field(ge=1, le=1440)] = 30
    requests_per_minute: Annotated[int, Strict(), Field(ge=1, le=100_000)] | None = None
    api_version: Annotated[str, Field(pattern=r"^20\d\d-(01|04|07|10)$")] = "2026-07"

    @property
    def chosen(self) -> tuple[str, ...]:
        """Endpoints that are pulled, in the system's own order."""
        known = SYSTEMS[self.system].by_name
        return tuple(name for name in known if not self.endpoints or name in self.endpoints)

    @property
    def address(self) -> str:
        """Where the account's API stands, without a slash at the end."""
        told = self.url.strip().rstrip("/")
        if "://" in told:
            return told
        bare = "." not in told and ":" not in told
        return f"https://{told}{SYSTEMS[self.system].host if bare else ''}"

    @field_validator("url")
    @classmethod
    def _no_secret(cls, url: str) -> str:
        # Nothing of a wrong address is repeated: a token may stand in it.
        if "@" in url or "?" in url or "#" in url:
            raise ValueError(
                "must be an address alone, e.g. https://acme.example: no user, no query"
            )
        return url

    @model_validator(mode="after")
    def _sound(self) -> Self:
        parts = urlsplit(self.address)
        if parts.scheme not in ("https", "http") or not parts.hostname:
            raise ValueError("url: must begin with https:// or be the account's name")
        if parts.scheme == "http" and parts.hostname not in _HERE:
            raise ValueError("url: http:// would send the token in the clear; write https://")
        if bool(self.token_env) == bool(self.token_block):
            raise ValueError("needs token_env, the name of an environment variable, or token_block")
        known = SYSTEMS[self.system].by_name
        for name in self.endpoints:
            if name not in known:
                raise ValueError(
                    f"endpoints: {self.system} has no '{name}'; choose from {', '.join(known)}"
                )
        if self.user and self.system == "shopify":
            raise ValueError("user: goes with zendesk and gorgias; Shopify's token needs none")
        if self.client_id and self.system != "shopify":
            raise ValueError("client_id: goes with shopify")
        return self
