"""The parts of moto that we replace or rely on. If a new moto breaks one of these, read its changes first."""

import importlib.metadata
import inspect

import moto.backends
import moto.batch
import moto.batch.models
import moto.batch.responses
import moto.batch.urls
import moto.logs.models
import moto.logs.responses
import moto.logs.urls
import moto.sqs.models
from moto.batch.responses import BatchResponse
from moto.cloudformation import parsing
from moto.cloudformation.models import Stack
from moto.core.base_backend import BackendDict
from moto.ec2.models.instance_types import INSTANCE_TYPE_OFFERINGS
from moto.events.models import EventsBackend, Rule
from moto.sqs.models import Message, Queue, SQSBackend, sqs_backends
from werkzeug.serving import WSGIRequestHandler


def test_moto_has_the_pinned_version() -> None:
    assert importlib.metadata.version("moto") == "5.2.5"


def test_moto_reads_the_attributes_that_we_replace() -> None:
    assert isinstance(vars(moto.batch.models)["batch_backends"], BackendDict)
    assert "batch_backends" in vars(moto.batch.responses)
    assert moto.backends.get_backend("batch") is vars(moto.batch)["batch_backends"]
    assert "{0}/v1/submitjob" in moto.batch.urls.url_paths
    assert list(moto.logs.urls.url_paths) == ["{0}/$"]
    assert "_url_module" in dir(moto.batch.models.BatchBackend)


def test_moto_has_the_functions_of_cloudformation_that_we_replace() -> None:
    """Its functions call each other by the module's names."""
    for name in ("clean_json", "parse_and_create_resource", "parse_and_update_resource"):
        assert callable(vars(parsing)[name])
    for owner, names in ((parsing.ResourceMap, ["load_parameters"]), (Stack, ["create_resources", "_add_stack_event"])):
        assert all(inspect.isfunction(vars(owner)[name]) for name in names)
    assert "clean_json" in parsing.parse_resource.__code__.co_names
    assert "us-west-1" in INSTANCE_TYPE_OFFERINGS["availability-zone"]


def test_moto_finds_batch_actions_by_lower_case_path() -> None:
    for name in ("submitjob", "describejobs", "listjobs", "canceljob", "terminatejob", "registerjobdefinition"):
        assert callable(getattr(BatchResponse, name))


def test_moto_keeps_log_events_in_order_of_arrival() -> None:
    backend = moto.logs.models.LogsBackend("us-east-1", "123456789012")
    backend.create_log_group("g", {})
    backend.ensure_log_stream("g", "s")
    for timestamp in (2, 1):
        backend.groups["g"].put_log_events("s", [{"timestamp": timestamp, "message": "m"}])
    events = backend.groups["g"].streams["s"].events
    assert [event.timestamp for event in events] == [2, 1]
    assert events[0].event_id < events[1].event_id
    assert inspect.isfunction(moto.logs.responses.LogsResponse.filter_log_events)


def test_moto_rule_sends_an_event_unchanged() -> None:
    assert list(inspect.signature(Rule.send_to_targets).parameters) == ["self", "original_event", "transform_input"]
    buses = EventsBackend("us-east-1", "123456789012").event_buses
    assert buses["default"].rules == {}


def test_moto_queues_have_a_lock_and_a_module_clock() -> None:
    queue = Queue("q", "us-east-1", "123456789012")
    with queue._messages_lock:
        assert queue.messages == []
    assert "message_retention_period" in vars(queue)
    assert callable(SQSBackend.is_message_valid_based_on_retention_period)
    assert isinstance(sqs_backends.backend, type)
    assert "unix_time_millis" in Message.visible.fget.__code__.co_names
    assert "unix_time_millis" in vars(moto.sqs.models)


def test_werkzeug_reports_dropped_connections() -> None:
    assert list(inspect.signature(WSGIRequestHandler.connection_dropped).parameters) == ["self", "error", "environ"]
