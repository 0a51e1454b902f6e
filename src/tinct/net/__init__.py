"""The only outbound sockets of Tinct."""
