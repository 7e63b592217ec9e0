"""How long a file that keeps growing waits until it is stored again: whole, as S3 can't append.

A file is stored at once when it appears, then at pauses that grow with its age. So a file that has grown evenly was
sent 21 times its size in all, however long that took, in about 14 PUTs for each doubling of its age. Small files do not
wait that long, because they cost PUTs alone: 0.005 USD for 1,000, https://aws.amazon.com/s3/pricing/
"""

AGE_SHARE = 20
"""The pause is at most this part of the file's age."""
SMALL_SECONDS = 30.0
"""The longest pause of a small file."""
BYTES_PER_SECOND = 4096
"""What may be sent on average where the age alone would allow more; a file of 120 KiB is no longer small."""


def growing_pause(age: float, size: int) -> float:
    """In seconds, for a file of `size` bytes that was stored first `age` seconds ago."""
    return min(age / AGE_SHARE, max(SMALL_SECONDS, size / BYTES_PER_SECOND))
