"""From which rung a night starts that died on a higher one: told to it by its supervisor.

Standard library only.
"""

from __future__ import annotations

import json
import signal
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Self

VARIABLE = "HEARCAST_AFTER_DEATH"
RUNGS = ("full", "baseline", "seasonal_naive", "stale")
"""From the top; `stale` makes no forecast of its own."""


CRASHES = (signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE)
"""How a process ends of what it reads; nobody from outside sends these."""


@dataclass(frozen=True, slots=True)
class Stepping:
    """`top`: the highest rung to try. `deaf`: do not listen. `why`: lines that say what died.

    `refused`: delivered files, by the hash under which they are noted, that are not read again.
    """

    top: str = "full"
    deaf: bool = False
    why: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Self:
        """What the environment tells; nothing has died where it tells nothing."""
        told = environ.get(VARIABLE)
        if not told:
            return cls()
        given = json.loads(told)
        return cls(given["top"], given["deaf"], tuple(given["why"]), tuple(given["refused"]))

    def variable(self) -> dict[str, str]:
        """The environment variable that tells this to a night."""
        return {VARIABLE: json.dumps(asdict(self))}

    def below(self, doing: Mapping[str, object], number: int) -> Stepping | None:
        """Where the next attempt starts after a night doing `doing` was ended by signal `number`.

        A death while listening leaves signals out, one while forecasting the rung it was on, a crash
        while a delivered file is read that file. None: the night died elsewhere, or on the lowest
        rung; no lower one would help.
        """
        if number in CRASHES and (file := doing.get("reading")):
            again = file in self.refused
            return None if again else replace(self, refused=(*self.refused, str(file)))
        stage, rung = doing.get("stage"), str(doing.get("rung", self.top))
        if stage == "listen" and not self.deaf:
            heard = (*self.why, f"listening {ended_by(number)}")
            return replace(self, top="baseline", deaf=True, why=heard)
        if stage != "forecast" or rung not in RUNGS[:-1]:
            return None
        why = f"the {rung} forecast {ended_by(number)}"
        return replace(self, top=RUNGS[RUNGS.index(rung) + 1], why=(*self.why, why))

    def next_try(self, below: Stepping, number: int) -> str:
        """What died on this rung, and what is tried on the one below, in words."""
        if below.refused != self.refused:
            return f"reading a delivered file {ended_by(number)}; trying again without that file"
        return f"{below.why[-1]}; trying again from the rung {below.top}"


def ended_by(number: int) -> str:
    """What befell a process that a signal ended, in words."""
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = f"signal {number}"
    memory = number in (signal.SIGKILL, signal.SIGABRT)
    return f"was ended by {name}" + (", as where memory runs out" if memory else "")
