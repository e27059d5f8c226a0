"""A brand with known truth: for demonstrations, tests and benchmarks."""

from models.simulate.brand import simulate
from models.simulate.spec import MIRROR, MIRROR_LAG, SIGNALS, Brand, BrandSpec

__all__ = ["MIRROR", "MIRROR_LAG", "SIGNALS", "Brand", "BrandSpec", "simulate"]
