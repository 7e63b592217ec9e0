"""Errors that the caller of Batch caused."""

import uuid

from moto.batch.exceptions import ClientException


class RefusedError(ClientException):
    """Batch refuses the request. moto sends it as a ClientException in Batch's wording.

    "Error executing request, Exception : Job name should match valid pattern, RequestId: fdcf23ee-…":
    https://github.com/fluidattacks/makes/issues/697
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"Error executing request, Exception : {reason}, RequestId: {uuid.uuid4()}")
        self.reason = reason

    def __str__(self) -> str:
        return self.reason
