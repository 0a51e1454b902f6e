"""How the hair network is made: heads are found, labelled by rules, learned, and measured on photos it never saw."""
