"""Real servers of S3's and Azure's protocols, each in a process of its own, and a bucket for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from flows.storage import Access, ObjectPath
from tests.flows.storage.clouds import azure_cloud, azure_running, s3_cloud, s3_running


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """The address of the server."""
    with s3_running() as url:
        yield url


@pytest.fixture(scope="session")
def azure_server() -> Iterator[str]:
    """The address of the server."""
    with azure_running() as url:
        yield url


@pytest.fixture
def s3(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of a new bucket, reached by the environment alone."""
    cloud = s3_cloud(s3_server)
    there = {"AWS_ENDPOINT_URL": s3_server, "AWS_ALLOW_HTTP": "true"}
    for name, value in {**cloud.environment, **there}.items():
        monkeypatch.setenv(name, value)
    return cloud.url


@pytest.fixture
def az(azure_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The same of a container."""
    cloud = azure_cloud(azure_server)
    for name, value in cloud.environment.items():
        monkeypatch.setenv(name, value)
    return cloud.url


@pytest.fixture(params=["s3", "az"])
def bucket(request: pytest.FixtureRequest) -> str:
    """The URL of a new bucket of each kind in turn."""
    return str(request.getfixturevalue(request.param))


@pytest.fixture
def root(bucket: str) -> ObjectPath:
    """A folder in the bucket."""
    return ObjectPath.of(f"{bucket}/shop")


@pytest.fixture(params=["s3", pytest.param("az", marks=pytest.mark.soak)])
def brief(request: pytest.FixtureRequest) -> ObjectPath:
    """A folder in a bucket of each kind whose locks lapse soon: Azure's in the soak, to spare time."""
    return ObjectPath.of(f"{request.getfixturevalue(request.param)}/shop", Access(lease_seconds=5))
