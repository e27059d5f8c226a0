"""Tables that are made together are missing together, for the same reason."""

from flows.optional import Optionals


def _broken() -> str:
    raise ValueError("what a row held")


def test_a_table_made_beside_another_is_missing_for_its_reason() -> None:
    night = Optionals()
    night.make("call_list", lambda: "no consents given", beside=("call_frame",))
    night.make("segments", _broken, beside=("clv_calibration",))
    assert night.skipped == dict.fromkeys(("call_list", "call_frame"), "no consents given")
    told = "segments failed: ValueError"
    assert night.failed == dict.fromkeys(("segments", "clv_calibration"), told)
