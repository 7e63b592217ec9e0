"""The demo's scene: what people do in the channel, act by act."""

import asyncio
import re
from dataclasses import dataclass, field
from typing import Any

from deploy.sandbox.demo.terminal import Terminal
from deploy.sandbox.demo.view import Json, View, buttons, job_id_in, text_of
from deploy.sandbox.discord.people.client import Person, Refused
from deploy.sandbox.session import Sandbox

CHANNEL = "training"


@dataclass
class Tally:
    """What happened, for the summary at the end."""

    accepted: list[str] = field(default_factory=list)
    refused: int = 0
    kills: int = 0


class Scene:
    def __init__(self, sandbox: Sandbox, people: dict[str, Person], view: View, terminal: Terminal) -> None:
        self._sandbox, self._people, self._view, self._terminal = sandbox, people, view, terminal
        self.tally = Tally()

    async def play(self) -> None:
        """Play all acts. Raises NotSeenError or RuntimeError if one goes wrong."""
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
        self._terminal.act("A job, started from the channel")
        job_id = await self._train("mika", "/train branch:main lr:0.1")
        await self._until_ended(job_id)

    async def _another_commit(self) -> None:
        self._terminal.act("A job on another commit, and its progress")
        commit = self._sandbox.ready["repository"]["branches"]["wider-net"][:7]
        job_id = await self._train("noor", f"/train branch:wider-net commit:{commit} momentum:0.9 epochs:5")
        await self._view.until(f"{job_id} at epoch 2", lambda view: self._at_epoch(view, job_id, 2))
        await self._ask("mika", f"/status job:{job_id}")
        await self._until_ended(job_id)

    async def _refusals(self) -> None:
        self._terminal.act("Invalid commands get a helpful reply that only the sender sees")
        for person, text in (
            ("mika", "/train branch:main warmup:3"),
            ("mika", "/train branch:mian lr:0.1"),
            ("guest", "/train branch:main"),
        ):
            await self._ask(person, text)
            self.tally.refused += 1

    async def _failure(self) -> None:
        self._terminal.act("A failed job shows why it failed")
        job_id = await self._train("mika", "/train branch:broken-loader")
        await self._until_ended(job_id)

    async def _stop(self) -> None:
        self._terminal.act("A job, stopped with its button")
        job_id = await self._train("noor", "/train branch:slow-cooker epochs:200")
        card = await self._view.until(f"{job_id} at epoch 1", lambda view: self._at_epoch(view, job_id, 1))
        self._terminal.typed("noor", "clicks [ Stop ]")
        clicked = await self._people["noor"].click(card, buttons(card)["Stop"], wait=True)
        question = clicked["message"]
        self._terminal.answer(question)
        label, custom_id = next(iter(buttons(question).items()))
        self._terminal.typed("noor", f"clicks [ {label} ]")
        await self._people["noor"].click(question, custom_id, wait=True)
        await self._until_ended(job_id)

    async def _sweep(self) -> None:
        self._terminal.act("A sweep: one command, one array job, one card")
        sweep_id = await self._train("mika", "/sweep lr=0.1,0.01 m=0.5,0.1")
        await self._view.until(f"the result of {sweep_id}", lambda view: view.end(sweep_id))
        await self._view.until(f"the heatmap of {sweep_id}", lambda view: _with_picture(view.card(sweep_id)))

    async def _kill(self) -> None:
        self._terminal.act("The bot, killed in the middle of a job")
        job_id = await self._train("mika", "/train branch:main lr:0.05 epochs:20")
        await self._view.until(f"{job_id} at epoch 3", lambda view: self._at_epoch(view, job_id, 3))
        bot = self._sandbox.bot
        self._terminal.aside(f"kill -9 {bot.pid}  (the job keeps running without its bot)")
        bot.kill()
        await bot.wait()
        self.tally.kills += 1
        await asyncio.sleep(2)
        self._terminal.aside("python -m bot run  (again)")
        await bot.start()
        await self._until_ended(job_id)

    # ---- steps of an act ---------------------------------------------------------------------------------
    async def _train(self, person: str, text: str) -> str:
        outcome = await self._ask(person, text)
        job_id = job_id_in(outcome["message"])
        if job_id is None:
            raise RuntimeError(f"{text}: no job id in the reply {outcome}")
        self.tally.accepted.append(job_id)
        return job_id

    async def _ask(self, person: str, text: str) -> dict[str, Any]:
        self._terminal.typed(person, text)
        try:
            outcome = await self._people[person].type(text, channel=CHANNEL, wait=True)
        except Refused as error:
            self._terminal.aside(f"Discord's input box does not send this: {error}")
            return {"message": None}
        if outcome["error"]:
            raise RuntimeError(f"{text}: {outcome['error']}")
        if outcome["message"]:
            self._terminal.answer(outcome["message"])
        return outcome

    async def _until_ended(self, job_id: str) -> None:
        """Wait until the result is posted and the log file is in the thread."""
        await self._view.until(f"the result of {job_id}", lambda view: view.end(job_id))
        await self._view.until(f"the log of {job_id}", lambda view: _log_file(view.thread(job_id)))

    def _at_epoch(self, view: View, job_id: str, epoch: int) -> Json | None:
        card = view.card(job_id)
        match = re.search(r"epoch (\d+)/", text_of(card)) if card else None
        return card if match and int(match[1]) >= epoch else None


def _log_file(messages: list[Json]) -> Json | None:
    return next((m for m in messages if any(a["filename"].endswith(".log") for a in m.get("attachments", ()))), None)


def _with_picture(card: Json | None) -> Json | None:
    """The card, once it shows a picture."""
    return card if card is not None and any(embed.get("image") for embed in card.get("embeds", ())) else None
