"""Before numpy, numba and polars are imported: threads and compiled code as nights have them."""

from __future__ import annotations

from flows import environment

environment.prepare(2)
