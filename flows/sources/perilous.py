"""Files whose damage ends the process that reads them: a library may abort where it should only fail."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager

from flows.places import Place
from flows.sources.base import FileProblem
from flows.stepping import Stepping
from flows.stopwatch import note


@contextmanager
def reading(path: Place) -> Iterator[None]:
    """Lets whoever watches the night know which file is read, by a hash: names may tell a person.

    FileProblem where an earlier attempt at this night died of this file.
    """
    mark = hashlib.sha256(str(path).encode()).hexdigest()[:16]
    if mark in Stepping.read(os.environ).refused:
        raise FileProblem(
            f"{path.name}: damaged so that reading it ends the process; send it again"
        )
    note(reading=mark)
    try:
        yield
    finally:
        note(reading=None)
