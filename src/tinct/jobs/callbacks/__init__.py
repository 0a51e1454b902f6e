"""Telling somebody that a job ended: an outbox written with the end, its own queue, recipes for what is sent."""
