"""Bytes to pixels and back: the only room that knows codecs, profiles and metadata."""
