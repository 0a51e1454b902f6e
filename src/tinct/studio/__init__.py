"""The studio: the web page of a server. Its files are served as they are by `tinct.server.studio`."""
