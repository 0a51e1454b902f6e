"""What surrounds the wire formats: limits, request ids, logs, metrics, processes."""
