"""The process of one replay: `python -m flows.replaying TOLD`, started by a backfill alone."""

from __future__ import annotations

import json
import sys

from flows import environment
from flows.cli import start_log
from flows.descendants import die_with_parent


def _main() -> int:
    told = json.loads(sys.argv[1])
    die_with_parent(told["parent"])
    start_log(as_json=told["json_logs"])
    environment.prepare(told["threads"])
    from flows.replay import replay  # noqa: PLC0415 - after threads are capped

    return replay(told)


if __name__ == "__main__":
    sys.exit(_main())
