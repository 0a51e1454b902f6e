"""Hair of a person: where it is, its colours, how the head under it stands."""
