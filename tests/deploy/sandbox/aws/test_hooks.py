"""moto's places that we replace or rely on. When a new moto breaks one of these, read its changes first."""

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
from moto.batch.responses import BatchResponse
from moto.core.base_backend import BackendDict
from moto.events.models import EventsBackend
from werkzeug.serving import WSGIRequestHandler


def test_this_is_the_moto_that_we_know() -> None:
    assert importlib.metadata.version("moto") == "5.2.5"


def test_the_attributes_that_are_replaced_are_the_ones_that_moto_reads() -> None:
    assert isinstance(vars(moto.batch.models)["batch_backends"], BackendDict)
    assert "batch_backends" in vars(moto.batch.responses)
    assert moto.backends.get_backend("batch") is vars(moto.batch)["batch_backends"]
    assert "{0}/v1/submitjob" in moto.batch.urls.url_paths
    assert list(moto.logs.urls.url_paths) == ["{0}/$"]
    assert "_url_module" in dir(moto.batch.models.BatchBackend)


def test_actions_of_batch_are_found_by_the_path_in_small_letters() -> None:
    for name in ("submitjob", "describejobs", "listjobs", "canceljob", "terminatejob", "registerjobdefinition"):
        assert callable(getattr(BatchResponse, name))


def test_logs_keep_events_in_a_list_in_which_they_arrived() -> None:
    backend = moto.logs.models.LogsBackend("us-east-1", "123456789012")
    backend.create_log_group("g", {})
    backend.ensure_log_stream("g", "s")
    for timestamp in (2, 1):
        backend.groups["g"].put_log_events("s", [{"timestamp": timestamp, "message": "m"}])
    events = backend.groups["g"].streams["s"].events
    assert [event.timestamp for event in events] == [2, 1]
    assert events[0].event_id < events[1].event_id
    assert inspect.isfunction(moto.logs.responses.LogsResponse.filter_log_events)


def test_events_are_put_one_by_one_in_the_process() -> None:
    assert list(inspect.signature(EventsBackend.put_events).parameters) == ["self", "events"]


def test_werkzeug_tells_of_dropped_connections() -> None:
    assert list(inspect.signature(WSGIRequestHandler.connection_dropped).parameters) == ["self", "error", "environ"]
