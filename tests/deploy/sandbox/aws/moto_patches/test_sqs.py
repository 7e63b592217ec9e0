import threading
import time

from moto.sqs.models import Message

from deploy.sandbox.aws.moto_patches.sqs import LockedQueue, QuickBackend


def queue_with_a_message() -> LockedQueue:
    queue = LockedQueue("q", "us-east-1", "123456789012")
    message = Message("1", "body")
    message.mark_sent(delay_seconds=0)
    message.mark_received(visibility_timeout=30)
    queue.add_message(message)
    return queue


def test_deletion_waits_for_a_concurrent_addition() -> None:
    queue = queue_with_a_message()
    handle = queue._messages[0].receipt_handle
    deletion = threading.Thread(target=queue.delete_message, args=[handle])
    with queue._messages_lock:
        deletion.start()
        deletion.join(timeout=0.05)
        assert len(queue._messages) == 1
    deletion.join()
    assert queue._messages == []


def test_messages_expire_after_the_queues_retention() -> None:
    backend = QuickBackend("us-east-1", "123456789012")
    backend.create_queue("q", {}, MessageRetentionPeriod="60")
    message = Message("1", "body")
    message.mark_sent(delay_seconds=0)
    assert backend.is_message_valid_based_on_retention_period("q", message)
    message.sent_timestamp = int((time.time() - 61) * 1000)
    assert not backend.is_message_valid_based_on_retention_period("q", message)
