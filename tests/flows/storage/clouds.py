"""Real servers that speak a cloud's protocol, and new buckets on them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count

import boto3
import pytest

from flows.storage import Access

NUMBERS = count(1)
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "secret-of-the-test",
    "AWS_REGION": "us-east-1",
}
AZURE_ACCOUNT = "devstoreaccount1"
AZURE_KEY = (
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)
"""What every emulator of Azure's storage is opened with: published by its makers, and no secret."""
AZURE_VERSION = "2021-12-02"


@dataclass(frozen=True)
class Cloud:
    """A new bucket; what the environment and `[storage]` must say to reach it."""

    url: str
    environment: Mapping[str, str]
    access: Access = field(default=Access())

    def toml(self, lease_seconds: int) -> str:
        """`[storage]` of a configuration."""
        lines = ["[storage]", f"lease_seconds = {lease_seconds}"]
        if self.access.endpoint:
            lines += [f'endpoint = "{self.access.endpoint}"', "allow_http = true"]
        return "\n".join(lines) + "\n"


def s3_cloud(server: str, *, versioned: bool = False) -> Cloud:
    """A bucket whose server `[storage]` names."""
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
    access = Access(endpoint=server, allow_http=True, lease_seconds=5)
    return Cloud(f"s3://{name}", CREDENTIALS, access)


def azure_cloud(server: str) -> Cloud:
    """A container that the environment alone reaches."""
    name = f"hearcast-test-{next(NUMBERS)}"
    date = datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
    resource = f"/{AZURE_ACCOUNT}/{name}"
    headers = f"x-ms-date:{date}\nx-ms-version:{AZURE_VERSION}"
    signed = "PUT" + "\n" * 12 + f"{headers}\n/{AZURE_ACCOUNT}{resource}\nrestype:container"
    digest = hmac.new(base64.b64decode(AZURE_KEY), signed.encode(), hashlib.sha256).digest()
    request = urllib.request.Request(
        f"{server}{resource}?restype=container",
        method="PUT",
        headers={
            "x-ms-date": date,
            "x-ms-version": AZURE_VERSION,
            "Authorization": f"SharedKey {AZURE_ACCOUNT}:{base64.b64encode(digest).decode()}",
            "Content-Length": "0",
        },
    )
    urllib.request.urlopen(request, timeout=30).close()
    told = {"AZURE_STORAGE_USE_EMULATOR": "true", "AZURITE_BLOB_STORAGE_URL": server}
    return Cloud(f"az://{name}", told, Access(lease_seconds=5))


@contextmanager
def s3_running() -> Iterator[str]:
    """The address of a server of S3's protocol."""
    port = _free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with _running(command, port) as url:
        yield url


@contextmanager
def azure_running() -> Iterator[str]:
    """The address of a server of Azure's protocol; skips where it is not installed, fails so on CI."""
    program = shutil.which("azurite-blob")
    if program is None:
        reason = "no emulator of Azure's storage is installed: npm install -g azurite"
        if os.environ.get("HEARCAST_CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    port = _free_port()
    command = [program, "--inMemoryPersistence", "--blobHost", "127.0.0.1", "--blobPort", str(port)]
    with _running(
        [*command, "--skipApiVersionCheck", "--disableTelemetry", "--silent"], port
    ) as url:
        yield url


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def _running(command: list[str], port: int) -> Iterator[str]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
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
    pytest.fail("the server of the cloud's protocol did not start")
