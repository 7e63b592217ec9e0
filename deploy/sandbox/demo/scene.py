"""The scene: what people do in the channel, one act after the other."""

import asyncio
import re
from dataclasses import dataclass, field
from typing import Any

from deploy.sandbox.demo.screen import Screen
from deploy.sandbox.demo.view import Json, View, buttons, text_of
from deploy.sandbox.discord.people.client import Person, Refused
from deploy.sandbox.session import Sandbox

CHANNEL = "training"
_JOB_ID = re.compile(r"\b[23456789bcdfghjkmnpqrstvwxz]{6}\b")


@dataclass
class Tally:
    """What was done, for the account at the end."""

    accepted: list[str] = field(default_factory=list)
    refused: int = 0
    kills: int = 0


class Scene:
    def __init__(self, sandbox: Sandbox, people: dict[str, Person], view: View, screen: Screen) -> None:
        self._sandbox, self._people, self._view, self._screen = sandbox, people, view, screen
        self.tally = Tally()

    async def play(self) -> None:
        """All acts. Raises NotSeenError where one does not go as told."""
        for act in (
            self._first_job,
            self._another_commit,
            self._refusals,
            self._failure,
            self._stop,
            self._sweep,
            self._kill,
        ):
            await act()

    async def _first_job(self) -> None:
        self._screen.act("A job: say it in the channel")
        job_id = await self._train("mika", "/train branch:main lr:0.1")
        await self._ended(job_id)

    async def _another_commit(self) -> None:
        self._screen.act("Another commit, and how far it is")
        commit = self._sandbox.ready["repository"]["branches"]["wider-net"][:7]
        job_id = await self._train("noor", f"/train branch:wider-net commit:{commit} momentum:0.9 epochs:5")
        await self._view.until(f"{job_id} at epoch 2", lambda view: self._at_epoch(view, job_id, 2))
        await self._ask("mika", f"/status job:{job_id}")
        await self._ended(job_id)

    async def _refusals(self) -> None:
        self._screen.act("What cannot be, is refused in words that help, and only the asker sees them")
        for person, text in (
            ("mika", "/train branch:main warmup:3"),
            ("mika", "/train branch:mian lr:0.1"),
            ("guest", "/train branch:main"),
        ):
            await self._ask(person, text)
            self.tally.refused += 1

    async def _failure(self) -> None:
        self._screen.act("A job that fails says why")
        job_id = await self._train("mika", "/train branch:broken-loader")
        await self._ended(job_id)

    async def _stop(self) -> None:
        self._screen.act("A job stopped by its button")
        job_id = await self._train("noor", "/train branch:slow-cooker epochs:200")
        card = await self._view.until(f"{job_id} at epoch 1", lambda view: self._at_epoch(view, job_id, 1))
        self._screen.typed("noor", "clicks [ Stop ]")
        asked = await self._people["noor"].click(card, buttons(card)["Stop"], wait=True)
        question = asked["message"]
        self._screen.answer(question)
        label, custom_id = next(iter(buttons(question).items()))
        self._screen.typed("noor", f"clicks [ {label} ]")
        await self._people["noor"].click(question, custom_id, wait=True)
        await self._ended(job_id)

    async def _sweep(self) -> None:
        self._screen.act("A sweep: one line, one array job, one board")
        sweep_id = await self._train("mika", "/sweep lr=0.1,0.01 m=0.5,0.1")
        await self._view.until(f"the end of {sweep_id}", lambda view: view.end(sweep_id), seconds=60)
        await self._view.until(f"the heatmap of {sweep_id}", lambda view: _picture(view.card(sweep_id)))

    async def _kill(self) -> None:
        self._screen.act("The bot is killed in the middle of a job")
        job_id = await self._train("mika", "/train branch:main lr:0.05 epochs:20")
        await self._view.until(f"{job_id} at epoch 3", lambda view: self._at_epoch(view, job_id, 3))
        bot = self._sandbox.bot
        self._screen.aside(f"kill -9 {bot.pid}  (the job runs on, without its bot)")
        bot.kill()
        await bot.wait()
        self.tally.kills += 1
        await asyncio.sleep(2)
        self._screen.aside("python -m bot run  (again)")
        await bot.start()
        await self._ended(job_id)

    # ---- what the acts are made of -----------------------------------------------------------------------
    async def _train(self, person: str, text: str) -> str:
        outcome = await self._ask(person, text)
        match = _JOB_ID.search(text_of(outcome["message"] or {}))
        if match is None:
            raise RuntimeError(f"{text}: no job id in the answer {outcome}")
        self.tally.accepted.append(match[0])
        return match[0]

    async def _ask(self, person: str, text: str) -> dict[str, Any]:
        self._screen.typed(person, text)
        try:
            outcome = await self._people[person].type(text, channel=CHANNEL, wait=True)
        except Refused as error:
            self._screen.aside(f"Discord's own input box refuses: {error}")
            return {"message": None}
        if outcome["error"]:
            raise RuntimeError(f"{text}: {outcome['error']}")
        if outcome["message"]:
            self._screen.answer(outcome["message"])
        return outcome

    async def _ended(self, job_id: str) -> None:
        """Until the end is told and the log's file is in the thread."""
        await self._view.until(f"the end of {job_id}", lambda view: view.end(job_id), seconds=40)
        await self._view.until(f"the log of {job_id}", lambda view: _file(view.thread(job_id)))

    def _at_epoch(self, view: View, job_id: str, epoch: int) -> Json | None:
        card = view.card(job_id)
        match = re.search(r"epoch (\d+)/", text_of(card)) if card else None
        return card if match and int(match[1]) >= epoch else None


def _file(messages: list[Json]) -> Json | None:
    return next((m for m in messages if any(a["filename"].endswith(".log") for a in m.get("attachments", ()))), None)


def _picture(card: Json | None) -> Json | None:
    """The card, once it shows a picture."""
    return card if card is not None and any(embed.get("image") for embed in card.get("embeds", ())) else None
