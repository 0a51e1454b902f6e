"""AILabTools' HD colour migration: its own host in both versions, and its RapidAPI listing."""
