"""Restoring: what scans of old photos have on top of the photo goes, and what faded comes back."""
