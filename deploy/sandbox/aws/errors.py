"""What goes wrong by the asker's doing."""


class RefusedError(Exception):
    """Batch refuses the request; the message is Batch's."""
