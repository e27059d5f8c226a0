"""`hearcast forget`: erases a person from the lake and from every published night that knows customers."""

from flows.forget.command import forget
from flows.forget.journal import Guard, finish_begun
from flows.forget.request import CannotForget

__all__ = ["CannotForget", "Guard", "finish_begun", "forget"]
