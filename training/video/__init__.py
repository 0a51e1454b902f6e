"""The small luma network that doubles clips."""
