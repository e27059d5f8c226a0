"""A sign of life after each night to an outside monitor, which misses it when none comes."""

from __future__ import annotations

import logging
import urllib.error
import urllib.request
from collections.abc import Mapping
from urllib.parse import urlsplit, urlunsplit

from flows.settings import Settings

LOG = logging.getLogger("hearcast")
URL = "HEARCAST_PING_URL"
"""Environment variable with the monitor's address; it is a secret."""
SECONDS = 10.0


def ping(settings: Settings, environ: Mapping[str, str], *, good: bool) -> bool:
    """Tells the monitor that a night was published in full, or, with `/fail` behind its address, not.

    False where it was not reached, which is a line in the log and no more. Without an address
    nothing is sent, which is no failure. The address is never shown: who has it can speak for us.
    """
    url = _address(settings, environ)
    if not url:
        return True
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        LOG.warning("the monitor's address (%s) is no http address; nothing was sent", URL)
        return False
    path = parts.path if good else f"{parts.path.rstrip('/')}/fail"
    try:
        with urllib.request.urlopen(  # noqa: S310 - the scheme was looked at above
            urlunsplit(parts._replace(path=path)), data=b"", timeout=SECONDS
        ):
            return True
    except (OSError, ValueError, urllib.error.URLError) as error:
        # Its words may hold the address.
        LOG.warning("the monitor could not be told of this night (%s)", type(error).__name__)
        return False


def _address(settings: Settings, environ: Mapping[str, str]) -> str:
    name = settings.alerts.ping_block
    if not name:
        return environ.get(URL, "").strip()
    from prefect.blocks.system import Secret  # noqa: PLC0415 - starts a server where none runs

    try:
        return str(Secret.load(name, _sync=True).get())  # type: ignore[union-attr, call-arg]
    except Exception:  # noqa: BLE001 - no block, no server: the night's end must be told elsewhere
        LOG.warning("[alerts] ping_block: no Prefect Secret block named '%s' can be read", name)
        return ""
