"""How the hair network is made."""
