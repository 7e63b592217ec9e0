"""The REST API over HTTP: tokens, headers, limits, multipart, and every resource once."""

from urllib.parse import quote

import aiohttp
import orjson
import pytest

from deploy.sandbox.discord.protocol.ids import ids_to_strings
from deploy.sandbox.discord.protocol.wire import Json
from deploy.sandbox.discord.state.permissions import Overwrite, Permission
from tests.deploy.sandbox.discord.clients import PICTURE
from tests.deploy.sandbox.discord.room import Rest

pytestmark = pytest.mark.slow


async def post(rest: Rest, content: str = "hello", channel: str = "training") -> Json:
    status, message, _ = await rest(
        "POST", f"/channels/{rest.stand_in.channels[channel]}/messages", {"content": content}
    )
    assert status == 200
    return message


async def test_invalid_token_is_unauthorized(rest: Rest) -> None:
    status, body, _ = await rest("GET", "/users/@me", token="wrong")
    assert (status, body) == (401, {"message": "401: Unauthorized", "code": 0})


async def test_unknown_path_is_not_found(rest: Rest) -> None:
    status, body, _ = await rest("GET", "/nothing/here")
    assert (status, body["code"]) == (404, 0)


async def test_answers_are_json_with_bucket_headers(rest: Rest) -> None:
    _, _, headers = await rest("POST", f"/channels/{rest.training}/messages", {"content": "x"})
    assert headers["Content-Type"] == "application/json"
    assert (headers["X-RateLimit-Limit"], headers["X-RateLimit-Remaining"]) == ("5", "4")
    assert float(headers["X-RateLimit-Reset"]) > 0
    assert len(headers["X-RateLimit-Bucket"]) == 32


async def test_sixth_message_in_five_seconds_is_refused(rest: Rest) -> None:
    for _ in range(5):
        await post(rest)
    status, body, headers = await rest("POST", f"/channels/{rest.training}/messages", {"content": "x"})
    assert status == 429
    assert 0 < body["retry_after"] <= 5
    assert (headers["X-RateLimit-Scope"], headers["Via"]) == ("user", "1.1 google")
    assert int(headers["Retry-After"]) >= body["retry_after"]
    assert len(rest.core.ledger.of("rate_limited")) == 1
    await post(rest, channel="lab")


async def test_limits_can_be_changed_at_run_time(rest: Rest) -> None:
    async with rest.http.post(f"{rest.stand_in.url}/sandbox/limits", json={"enabled": False}) as response:
        assert (await response.json())["enabled"] is False
    for _ in range(8):
        await post(rest)
    async with rest.http.post(f"{rest.stand_in.url}/sandbox/limits", json={"speed": 1}) as response:
        assert (response.status, "unknown limit 'speed'" in (await response.json())["error"]) == (400, True)


async def test_too_many_invalid_requests_get_an_html_page(rest: Rest) -> None:
    rest.core.limits = rest.core.limits.with_changes({"invalid_requests": [2, 600]})
    for _ in range(2):
        await rest("GET", "/users/@me", token="wrong")
    status, _, headers = await rest("GET", "/users/@me")
    assert (status, headers["Content-Type"].split(";")[0], "Via" in headers) == (429, "text/html", False)


async def test_bodies_that_are_not_json_objects_are_refused(rest: Rest) -> None:
    path = f"/channels/{rest.training}/messages"
    assert (await rest("POST", path, [1]))[1]["code"] == 50035
    headers = {"Authorization": f"Bot {rest.stand_in.token}", "Content-Type": "application/json"}
    async with rest.http.post(rest.stand_in.api + path, data=b"{", headers=headers) as response:
        assert (response.status, (await response.json())["code"]) == (400, 50109)


def test_ids_become_strings() -> None:
    body = {
        "content": 5,
        "attachments": [{"id": 0, "size": 7}, "odd"],
        "allowed_mentions": {"parse": [], "users": [1], "roles": None},
        "message_reference": {"message_id": 2, "fail_if_not_exists": True},
        "components": [{"type": 1, "id": 3, "custom_id": 4}],
    }
    assert ids_to_strings(body) == body | {
        "attachments": [{"id": "0", "size": 7}, "odd"],
        "allowed_mentions": {"parse": [], "users": ["1"], "roles": None},
        "message_reference": {"message_id": "2", "fail_if_not_exists": True},
    }


async def test_allowed_mentions_may_be_integers(rest: Rest) -> None:
    mika = rest.stand_in.people["mika"]
    allowed = {"parse": [], "users": [int(mika)]}
    body = {"content": f"<@{mika}>", "allowed_mentions": allowed}
    _, message, _ = await rest("POST", f"/channels/{rest.training}/messages", body)
    assert [user["id"] for user in message["mentions"]] == [mika]


async def test_multipart_files_are_stored_and_served(rest: Rest) -> None:
    form = aiohttp.FormData()
    payload = {"content": "plot", "attachments": [{"id": "0", "description": "loss"}]}
    form.add_field("payload_json", orjson.dumps(payload).decode(), content_type="application/json")
    form.add_field("files[0]", PICTURE, filename="plot.png", content_type="image/png")
    status, message, _ = await rest("POST", f"/channels/{rest.training}/messages", form=form)
    [file] = message["attachments"]
    assert (status, file["description"], file["content_type"], file["width"]) == (200, "loss", "image/png", 640)
    async with rest.http.get(file["url"]) as response:
        assert (response.headers["Content-Type"], await response.read()) == ("image/png", PICTURE)
    async with rest.http.get(file["url"] + "x") as response:
        assert response.status == 404


async def test_large_file_is_refused(rest: Rest) -> None:
    rest.core.limits = rest.core.limits.with_changes({"upload_bytes": 100, "request_bytes": 2000})
    for size in (101, 3000):
        form = aiohttp.FormData()
        form.add_field("files[0]", b"0" * size, filename="log.txt")
        status, body, _ = await rest("POST", f"/channels/{rest.training}/messages", form=form)
        assert (status, body["code"]) == (413, 40005)


async def test_history_by_before_after_around_and_limit(rest: Rest) -> None:
    rest.core.limits = rest.core.limits.with_changes({"enabled": False})
    ids = [(await post(rest, str(n)))["id"] for n in range(7)]
    path = f"/channels/{rest.training}/messages"

    async def texts(query: str) -> str:
        _, found, _ = await rest("GET", path + query)
        return "".join(message["content"] for message in found)

    assert await texts("") == "6543210"
    assert await texts("?limit=2") == "65"
    assert await texts(f"?before={ids[3]}&limit=2") == "21"
    assert await texts(f"?after={ids[3]}&limit=2") == "54"
    assert await texts(f"?around={ids[3]}&limit=3") == "432"
    assert (await rest("GET", path + "?limit=101"))[1]["code"] == 50035
    assert (await rest("GET", path + "?before=x"))[1]["code"] == 50035


async def test_edit_and_delete(rest: Rest) -> None:
    message = await post(rest)
    path = f"/channels/{rest.training}/messages/{message['id']}"
    _, edited, _ = await rest("PATCH", path, {"content": "new"})
    assert (edited["content"], edited["edited_timestamp"] is None) == ("new", False)
    assert (await rest("DELETE", path))[0] == 204
    assert (await rest("GET", path))[1]["code"] == 10008
    assert (await rest("DELETE", path))[1]["code"] == 10008


async def test_message_of_another_author_cannot_be_edited(rest: Rest) -> None:
    discord = rest.stand_in.discord
    channel = rest.core.guild.channel(rest.training)
    theirs = discord.messages.create(rest.core.guild.people[1], channel, {"content": "mine"})
    path = f"/channels/{rest.training}/messages/{theirs.id}"
    assert (await rest("PATCH", path, {"content": "x"}))[1]["code"] == 50005
    assert (await rest("DELETE", path))[1]["code"] == 50013


async def test_bot_without_access_is_refused(rest: Rest) -> None:
    codes = {}
    for name in ("hidden", "quiet"):
        path = f"/channels/{rest.stand_in.channels[name]}/messages"
        codes[name] = (await rest("POST", path, {"content": "x"}))[1]["code"]
    codes["nowhere"] = (await rest("POST", "/channels/1/messages", {"content": "x"}))[1]["code"]
    assert codes == {"hidden": 50001, "quiet": 50013, "nowhere": 10003}


async def test_without_history_permission_nothing_is_read(rest: Rest) -> None:
    await post(rest)
    channel = rest.core.guild.channel(rest.training)
    rest.core.guild.set_overwrite(channel, "bot", Overwrite(deny=Permission.READ_MESSAGE_HISTORY))
    status, found, _ = await rest("GET", f"/channels/{rest.training}/messages")
    assert (status, found) == (200, [])


async def test_threads_over_http(rest: Rest) -> None:
    message = await post(rest)
    path = f"/channels/{rest.training}/messages/{message['id']}/threads"
    status, thread, _ = await rest("POST", path, {"name": "log", "auto_archive_duration": 60})
    assert (status, thread["id"], thread["member"]["user_id"]) == (201, message["id"], rest.core.guild.bot.id)
    assert (await rest("POST", path, {"name": "log"}))[1]["code"] == 160004
    _, active, _ = await rest("GET", f"/guilds/{rest.core.guild.id}/threads/active")
    assert [entry["id"] for entry in active["threads"]] == [thread["id"]]
    one = f"/channels/{thread['id']}"
    _, changed, _ = await rest("PATCH", one, {"archived": True, "locked": True})
    assert changed["thread_metadata"]["archived"] is True
    assert (await rest("POST", one + "/messages", {"content": "x"}))[1]["code"] == 50083
    _, archived, _ = await rest("GET", f"/channels/{rest.training}/threads/archived/public")
    assert [entry["id"] for entry in archived["threads"]] == [thread["id"]]
    assert (await rest("PATCH", one, {"archived": False}))[0] == 200
    me = one + "/thread-members/@me"
    assert [(await rest(method, me))[0] for method in ("GET", "DELETE", "GET", "PUT")] == [200, 204, 404, 204]
    assert (await rest("DELETE", one))[0] == 200
    assert (await rest("GET", one))[1]["code"] == 10003


async def test_third_rename_of_a_thread_is_refused(rest: Rest) -> None:
    message = await post(rest)
    await rest("POST", f"/channels/{rest.training}/messages/{message['id']}/threads", {"name": "log"})
    answers = [await rest("PATCH", f"/channels/{message['id']}", {"name": f"log {n}"}) for n in range(3)]
    assert [status for status, _, _ in answers] == [200, 200, 429]
    assert 590 < answers[2][1]["retry_after"] <= 600


async def test_reactions_pins_and_typing(rest: Rest) -> None:
    rest.core.limits = rest.core.limits.with_changes({"enabled": False})
    rest.core.guild.roles[rest.core.guild.bot.role_ids[0]].permissions |= Permission.MANAGE_MESSAGES
    message = await post(rest)
    path = f"/channels/{rest.training}/messages/{message['id']}"
    emoji = f"{path}/reactions/{quote('👍')}"
    assert (await rest("PUT", f"{emoji}/@me"))[0] == 204
    _, seen, _ = await rest("GET", path)
    assert seen["reactions"][0]["emoji"] == {"id": None, "name": "👍"}
    assert (seen["reactions"][0]["count"], seen["reactions"][0]["me"]) == (1, True)
    assert [user["id"] for user in (await rest("GET", emoji))[1]] == [rest.core.guild.bot.id]
    assert (await rest("DELETE", f"{emoji}/@me"))[0] == 204
    assert (await rest("PUT", f"/channels/{rest.training}/messages/pins/{message['id']}"))[0] == 204
    _, pins, _ = await rest("GET", f"/channels/{rest.training}/messages/pins")
    assert [item["message"]["id"] for item in pins["items"]] == [message["id"]]
    assert (await rest("POST", f"/channels/{rest.training}/typing"))[0] == 204


async def test_other_resources_that_libraries_read(rest: Rest) -> None:
    guild = rest.core.guild
    paths = {
        "/users/@me": guild.bot.id,
        f"/users/{guild.people[0].id}": guild.people[0].id,
        "/oauth2/applications/@me": guild.application_id,
        "/applications/@me": guild.application_id,
        f"/guilds/{guild.id}": guild.id,
        f"/channels/{rest.training}": rest.training,
    }
    for path, expected in paths.items():
        assert (await rest("GET", path))[1]["id"] == expected, path
    lists = {"channels": 4, "roles": 4, "members?limit=10": 4, "members/search?query=mi&limit=5": 1}
    for path, count in lists.items():
        assert len((await rest("GET", f"/guilds/{guild.id}/{path}"))[1]) == count, path
    assert (await rest("GET", f"/guilds/{guild.id}/members/1"))[1]["code"] == 10007
    assert (await rest("GET", "/guilds/1"))[1]["code"] == 10004
    assert (await rest("GET", "/gateway/bot"))[1]["session_start_limit"]["remaining"] == 1000
    recipient = {"recipient_id": guild.people[0].id}
    direct = (await rest("POST", "/users/@me/channels", recipient))[1]
    assert (direct["type"], direct["recipients"][0]["id"]) == (1, recipient["recipient_id"])
    assert (await rest("POST", "/users/@me/channels", recipient))[1]["id"] == direct["id"]
    path = f"/channels/{direct['id']}/messages"
    status, sent, _ = await rest("POST", path, {"content": "done"})
    assert status == 200
    assert [message["id"] for message in (await rest("GET", path))[1]] == [sent["id"]]
    guild.refuse_direct.add(guild.people[0].id)
    assert (await rest("POST", path, {"content": "more"}))[1]["code"] == 50007


async def test_commands_over_http(rest: Rest) -> None:
    path = f"/applications/{rest.stand_in.application_id}/commands"
    train = {"name": "train", "description": "Trains", "type": 1}
    assert (await rest("POST", path, train))[0] == 201
    status, made, _ = await rest("POST", path, train | {"description": "Trains well"})
    assert status == 200
    one = f"{path}/{made['id']}"
    assert (await rest("PATCH", one, {"description": "better"}))[1]["description"] == "better"
    assert (await rest("GET", one))[1]["description"] == "better"
    assert [command["name"] for command in (await rest("GET", path))[1]] == ["train"]
    assert (await rest("DELETE", one))[0] == 204
    assert (await rest("GET", one))[1]["code"] == 10063
    assert (await rest("GET", "/applications/1/commands"))[1]["code"] == 10002
    assert (await rest("PUT", path, {"name": "x"}))[1]["code"] == 50035


async def test_unknown_interaction_token_is_refused(rest: Rest) -> None:
    path = f"/webhooks/{rest.stand_in.application_id}/never"
    for method, where in (("POST", path), ("PATCH", f"{path}/messages/@original"), ("GET", f"{path}/messages/1")):
        status, body, _ = await rest(method, where, {"content": "x"} if method != "GET" else None)
        assert (status, body["code"]) == (401, 50027)
    status, body, _ = await rest("POST", "/interactions/1/never/callback", {"type": 5})
    assert (status, body["code"]) == (404, 10062)
    assert (await rest("POST", "/webhooks/1/never", {"content": "x"}))[1]["code"] == 10015
