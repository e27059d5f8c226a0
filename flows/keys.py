"""The keys of join keys and pseudonyms: from a Prefect block, the environment, or the lake itself."""

from __future__ import annotations

import os

from flows.errors import Mistake
from flows.lake import Lake
from flows.settings import Settings
from transforms.privacy import Keyring

CURRENT, OLD = "HEARCAST_HMAC_KEY", "HEARCAST_HMAC_KEY_OLD"


class NoKey(Mistake):
    """A key that was asked for is not there; the message is one line with the remedy."""


def keyring(settings: Settings, lake: Lake) -> Keyring:
    """The key in use and earlier ones.

    In use: the Secret block `[privacy] key_block`, else HEARCAST_HMAC_KEY, else the lake's own.
    Earlier: the blocks `old_key_blocks`, those in HEARCAST_HMAC_KEY_OLD (split at commas), and the
    lake's own where another is in use. Raises NoKey where a block cannot be read.
    """
    privacy = settings.privacy
    told = _block(privacy.key_block) if privacy.key_block else os.environ.get(CURRENT, "")
    old = [_block(name).encode() for name in privacy.old_key_blocks]
    old += [one.strip().encode() for one in os.environ.get(OLD, "").split(",") if one.strip()]
    if not told:
        return Keyring(lake.own_key(), tuple(old))
    own = lake.root / "key"
    if own.is_file():
        old.append(own.read_bytes())
    current = told.encode()
    return Keyring(current, tuple(key for key in dict.fromkeys(old) if key != current))


def _block(name: str) -> str:
    from prefect.blocks.system import Secret  # noqa: PLC0415 - starts a server where none runs

    try:
        value = Secret.load(name, _sync=True).get()  # type: ignore[union-attr, call-arg]
    except ValueError:
        raise NoKey(
            f"[privacy] no Prefect Secret block is named '{name}'; register it, or set {CURRENT}"
        ) from None
    if not value:
        raise NoKey(f"[privacy] the Prefect Secret block '{name}' is empty; store the key in it")
    return str(value)
