"""A photo extended beyond its borders."""
