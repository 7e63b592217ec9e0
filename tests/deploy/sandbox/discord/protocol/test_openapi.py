"""Bodies checked against Discord's OpenAPI document."""

from pathlib import Path

import orjson
import pytest

from deploy.sandbox.discord.protocol.errors import ApiError
from deploy.sandbox.discord.protocol.openapi import VARIABLE, OpenApi, find_document
from deploy.sandbox.discord.rest import ROUTES
from tests.deploy.sandbox.discord.room import Rest

DOCUMENT = find_document()
needs_document = pytest.mark.skipif(DOCUMENT is None, reason=f"no OpenAPI document: name it in {VARIABLE}")

MESSAGES = "/channels/{channel_id}/messages"
CALLBACK = "/interactions/{interaction_id}/{interaction_token}/callback"
SMALL = {
    "paths": {
        MESSAGES: {
            "parameters": [],
            "post": {
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Message"}}}}
            },
        }
    },
    "components": {
        "schemas": {
            "Message": {
                "type": "object",
                "properties": {
                    "content": {"type": "string"},
                    "attachments": {"items": {"$ref": "#/components/schemas/File"}},
                },
            },
            "File": {"properties": {"id": {"type": "string"}}},
        }
    },
}


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "openapi.json"
    path.write_bytes(orjson.dumps(SMALL))
    return path


def test_mismatching_body_is_refused_with_the_path(small: Path) -> None:
    openapi = OpenApi(small)
    openapi.check("POST", MESSAGES, {"content": "x"})
    with pytest.raises(ApiError) as caught:
        openapi.check("POST", "/channels/{other}/messages", {"content": 5})
    assert caught.value.body()["errors"]["content"]["_errors"][0]["code"] == "OPENAPI_MISMATCH"


def test_operation_missing_in_the_document_passes(small: Path) -> None:
    openapi = OpenApi(small)
    openapi.check("PATCH", MESSAGES, {"content": 5})
    openapi.check("POST", MESSAGES, None)
    OpenApi(None).check("POST", MESSAGES, {"content": 5})


def test_document_path_comes_from_the_environment(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(small))
    assert find_document() == small
    monkeypatch.setenv(VARIABLE, str(small.with_name("absent.json")))
    assert find_document() is None


@needs_document
def test_every_route_with_a_body_is_in_the_document() -> None:
    assert DOCUMENT is not None
    paths = orjson.loads(DOCUMENT.read_bytes())["paths"]
    known = {(method, _shape(path)) for path, methods in paths.items() for method in methods}
    ours = {(route.method.lower(), _shape(route.path)) for route in ROUTES if route.method in ("POST", "PATCH")}
    assert ours <= known


@needs_document
@pytest.mark.parametrize(
    ("path", "body"),
    [
        (MESSAGES, {"content": 5}),
        (MESSAGES, {"embeds": [{"title": ["x"]}]}),
        (CALLBACK, {"type": "four"}),
        ("/channels/{channel_id}/messages/{message_id}/threads", {"name": "n" * 101}),
    ],
)
def test_official_document_refuses_invalid_bodies(path: str, body: dict[str, object]) -> None:
    with pytest.raises(ApiError, match="OPENAPI_MISMATCH"):
        OpenApi(DOCUMENT).check("POST", path, body)


@needs_document
@pytest.mark.slow
async def test_violation_is_answered_and_recorded(rest: Rest) -> None:
    path = f"/channels/{rest.training}/messages"
    status, body, _ = await rest("POST", path, {"content": "x", "embeds": [{"title": ["x"]}]})
    assert (status, body["code"]) == (400, 50035)
    [entry] = rest.core.ledger.of("openapi.violation")
    assert entry.details["path"] == MESSAGES
    assert not rest.core.ledger.of("error")
    rest.core.limits = rest.core.limits.with_changes({"openapi": False})
    await rest("POST", path, {"content": "x", "embeds": [{"title": ["x"]}]})
    assert len(rest.core.ledger.of("openapi.violation")) == 1


def _shape(path: str) -> str:
    return "/".join("{}" if part.startswith("{") else part for part in path.split("/"))
