"""What a mask covers, replaced by something else that people give."""
