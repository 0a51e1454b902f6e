"""Hair: more volume, bangs, longer hair."""
