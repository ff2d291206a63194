"""Models that forecast one regular series, and what they have in common."""
