"""How buckets are reached: one client each, secrets from the environment or a Prefect block."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from obstore.store import from_url

from flows.errors import StoreError

FAMILIES = {"s3://": "AWS_", "gs://": "GOOGLE_", "az://": "AZURE_"}
"""How the names begin of what the environment says of a cloud."""
SCHEMES = tuple(FAMILIES)
LEASE_SECONDS = 120
_PATIENCE = {"max_retries": 5, "retry_timeout": timedelta(seconds=60)}


class NoAccess(StoreError):  # noqa: N818 - named for what happened
    """A bucket cannot be opened as configured; the message is one line with the remedy."""


@dataclass(frozen=True, slots=True)
class Access:
    """What `[storage]` says. It holds no secret, so it may be pickled and printed.

    `endpoint`, `region` and `allow_http` are for s3:// alone; `block` names a Prefect Secret block
    whose value is a JSON object of credentials. What is empty comes from the environment.
    """

    endpoint: str = ""
    region: str = ""
    allow_http: bool = False
    block: str = ""
    lease_seconds: int = LEASE_SECONDS


def client(bucket: str, access: Access) -> Any:  # noqa: ANN401 - one of three kinds of store
    """The client of `bucket` (`s3://name`), one for each way of reaching it."""
    return _client(bucket, access, _surroundings())


def scan_options(bucket: str, access: Access) -> dict[str, str]:
    """The same for Polars, which reads Parquet from buckets itself."""
    return {key: str(value).lower() if value is True else str(value)
            for key, value in _config(bucket, access).items()}  # fmt: skip


def _surroundings() -> str:
    """Digest of what the environment says of clouds: another answer needs another client."""
    told = sorted(
        item for item in os.environ.items() if item[0].startswith(tuple(FAMILIES.values()))
    )
    return hashlib.sha256(repr(told).encode()).hexdigest()


@cache
def _client(bucket: str, access: Access, _surroundings: str) -> Any:  # noqa: ANN401 - as above
    config = _config(bucket, access)
    family = FAMILIES[f"{bucket.partition('://')[0]}://"]
    said = (config.pop("aws_allow_http", ""), os.environ.get(f"{family}ALLOW_HTTP", ""))
    allow = any(str(one).lower() in ("true", "1") for one in said)
    client_options: Any = {"timeout": "60s", "connect_timeout": "5s", "allow_http": allow}
    retries: Any = _PATIENCE
    try:
        return from_url(bucket, config=config, client_options=client_options, retry_config=retries)  # type: ignore[call-overload, unused-ignore]
    except Exception as error:  # noqa: BLE001 - whatever it says may quote a secret
        raise NoAccess(
            errno.EACCES,
            f"{bucket}: can't be opened ({type(error).__name__}); check the credentials in the "
            "environment, and [storage]",
        ) from None


def _config(bucket: str, access: Access) -> dict[str, Any]:
    config: dict[str, Any] = dict(_secrets(access.block)) if access.block else {}
    if bucket.startswith("s3://"):
        if access.endpoint:
            config["aws_endpoint_url"] = access.endpoint
        if access.region:
            config["aws_region"] = access.region
        if access.allow_http:
            config["aws_allow_http"] = True
    return config


@cache
def _secrets(block: str) -> Mapping[str, str]:
    from prefect.blocks.system import Secret  # noqa: PLC0415 - starts a server where none runs

    try:
        value = Secret.load(block, _sync=True).get()  # type: ignore[union-attr, call-arg]
        told = json.loads(value) if isinstance(value, str) else value
    except ValueError:
        told = None
    if not isinstance(told, Mapping) or not told:
        raise NoAccess(
            errno.EACCES,
            f"[storage] credentials_block: no Prefect Secret block '{block}' with a JSON object "
            'such as {"aws_access_key_id": …, "aws_secret_access_key": …}; register it',
        )
    return {str(key): str(one) for key, one in told.items()}
