"""Sources of kind "http": a system's API asked for what has changed, and read as its export would be."""
