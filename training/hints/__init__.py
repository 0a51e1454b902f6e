"""The network that tells how far a hint goes."""
