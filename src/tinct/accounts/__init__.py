"""Who calls, what they may spend, and how often."""
