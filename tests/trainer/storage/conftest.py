"""Every test of this folder that takes a bucket runs on the fake and, marked slow, on S3."""

import pytest

from tests.support.memory_bucket import MemoryBucket
from trainer.storage.bucket import Bucket


@pytest.fixture
def bucket(either_bucket: Bucket | MemoryBucket) -> Bucket | MemoryBucket:
    return either_bucket
