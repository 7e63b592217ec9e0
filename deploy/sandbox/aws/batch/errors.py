"""What goes wrong by the asker's doing."""

import uuid

from moto.batch.exceptions import ClientException


class RefusedError(ClientException):
    """Batch refuses the request: its ClientException, in its wording, which moto sends."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"Error executing request, Exception : {reason}, RequestId: {uuid.uuid4()}")
        self.reason = reason

    def __str__(self) -> str:
        return self.reason
