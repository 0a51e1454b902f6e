"""The life of a call: submitted, queued, run in a child process, finished exactly once."""
