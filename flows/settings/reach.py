"""`[storage]`: how buckets are reached where the environment does not say."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, Strict, field_validator

from flows.storage.access import LEASE_SECONDS, Access
from transforms.mapping_spec import Spec


class Reach(Spec):
    """Endpoint and region of s3://, the block with credentials, and how long a lock may be silent."""

    endpoint: str = ""
    region: str = ""
    allow_http: Annotated[bool, Strict()] = False
    credentials_block: str = ""
    lease_seconds: Annotated[int, Strict(), Field(ge=5, le=3600)] = LEASE_SECONDS

    @field_validator("endpoint")
    @classmethod
    def _url(cls, endpoint: str) -> str:
        if endpoint and not endpoint.startswith(("http://", "https://")):
            raise ValueError(f"{endpoint!r} is no URL; write https://host or http://host:port")
        if "@" in endpoint:
            raise ValueError("holds credentials; give them in the environment or a block")
        return endpoint

    @property
    def access(self) -> Access:
        """The same as storage takes it."""
        return Access(
            self.endpoint, self.region, self.allow_http, self.credentials_block, self.lease_seconds
        )
