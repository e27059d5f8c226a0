"""A real S3 server in a process of its own, and a bucket for each test."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from itertools import count

import boto3
import pytest

from flows.storage import Access, ObjectPath

NUMBERS = count(1)
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "secret-of-the-test",
    "AWS_REGION": "us-east-1",
}


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """The address of the server."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(url, process)
        yield url
    finally:
        process.terminate()
        process.wait(30)


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until and process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=5)
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.2)
        else:
            return
    pytest.fail("the S3 server did not start")


@pytest.fixture
def s3(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of a new bucket, reached by the environment alone."""
    told = {**CREDENTIALS, "AWS_ENDPOINT_URL": s3_server, "AWS_ALLOW_HTTP": "true"}
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    return f"s3://{new_bucket(s3_server)}"


def new_bucket(server: str, *, versioned: bool = False) -> str:
    """The name of a new bucket."""
    name = f"hearcast-test-{next(NUMBERS)}"
    client = boto3.client(
        "s3",
        endpoint_url=server,
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        region_name=CREDENTIALS["AWS_REGION"],
    )
    client.create_bucket(Bucket=name)
    if versioned:
        client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return name


@pytest.fixture
def root(s3: str) -> ObjectPath:
    """A folder in the bucket."""
    return ObjectPath.of(f"{s3}/shop")


@pytest.fixture
def brief(s3: str) -> ObjectPath:
    """A folder in the bucket whose locks lapse soon."""
    return ObjectPath.of(f"{s3}/shop", Access(lease_seconds=5))
