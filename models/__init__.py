"""Pure estimators: arrays and frames in, frames out; no clock, disk or network."""
