"""Pure table functions that count: frames in, frames out; no clock, disk or network."""
