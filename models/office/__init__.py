"""Statistics of the customer system: shares, recoveries and agreement, each with its interval."""
