"""Where records and bytes are kept: PostgreSQL, blobs, signed links."""
