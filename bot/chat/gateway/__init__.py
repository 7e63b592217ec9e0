"""The connection to Discord: the first one, and the commands in the server."""
