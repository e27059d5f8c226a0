"""Whether somebody can find what the settings call a signal."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from flows.settings import Settings, SettingsError
from transforms.tagging import PhraseBook


def check_signals(settings: Settings, books: Sequence[PhraseBook]) -> None:
    """Raises SettingsError for a signal that is in no phrase file and left to no other system.

    It would be counted as never said, and the twelve of the codebook, which any [[signals]]
    replaces, would be gone. The networks find what phrase files name.
    """
    known = sorted({name for book in books for name in book.signals})
    for signal in settings.signals:
        if signal.name in known or signal.name in settings.tagging.upstream:
            continue
        near = get_close_matches(signal.name, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"they have {', '.join(known)}"
        raise SettingsError(
            f"{settings.file}: [[signals]] '{signal.name}': no phrase file of [tagging] languages has it, "
            f"and [tagging] upstream does not name it; {hint}"
        )
