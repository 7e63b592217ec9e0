"""Machines without a job are named in the channel, hour by hour, and each of these messages arrives once."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.money.price_settings import PriceSettings
from bot.errors import Deleted, Denied, Missing, ServiceError, Unavailable
from bot.services.money.price_book import PriceBook
from tests.bot.services.guard.night import GROUP, MACHINE, FewPrices, Night
from tests.support.fakes import LOST_REPLY
from tests.support.projects import ADMIN, CHANNEL, PROJECT
from tests.support.services import Bot, Outside


@pytest.fixture
def night(bot: Bot, outside: Outside) -> Night:
    return Night(bot, outside)


async def test_a_machine_without_a_job_is_named_after_the_limit_and_then_every_hour(night: Night) -> None:
    await night.minutes(30)
    assert night.said() == []
    await night.minutes(1)
    (named,) = night.said()
    assert named == (
        "Machine `i-1` (g4dn.xlarge, us-east-1a) of the compute environment `spot-machines` has had no job for 30 min. "
        "AWS Batch should have ended it by now.\nLook at it in the EC2 console, or end it: "
        "`aws ec2 terminate-instances --instance-ids i-1 --region us-east-1`"
    )
    await night.minutes(59)
    assert len(night.said()) == 1
    await night.minutes(61)
    assert [text.partition("no job for ")[2][:7] for text in night.said()[1:]] == ["90 min.", "150 min"]


async def test_a_machine_with_a_job_is_left_alone_and_one_job_begins_the_count_anew(night: Night) -> None:
    night.run(replace(MACHINE, busy=True))
    await night.minutes(120)
    night.run(MACHINE)
    await night.minutes(29)
    night.run(replace(MACHINE, busy=True))
    await night.minutes(1)
    night.run(MACHINE)
    await night.minutes(29)
    assert night.said() == []
    await night.minutes(2)
    assert len(night.said()) == 1


async def test_a_machine_that_had_a_job_in_between_is_named_once_an_hour_at_most(night: Night) -> None:
    await night.minutes(31)
    night.run(replace(MACHINE, busy=True))
    await night.minutes(2)
    night.run(MACHINE)
    await night.minutes(57)
    assert len(night.said()) == 1
    await night.minutes(2)
    assert len(night.said()) == 2


async def test_a_restart_repeats_nothing_and_forgets_no_count(night: Night) -> None:
    await night.minutes(25)
    night.restart()
    await night.minutes(6)
    assert len(night.said()) == 1
    for _ in range(30):
        night.restart()
        await night.minutes(1)
    assert len(night.said()) == 1


async def test_what_nobody_saw_does_not_count(night: Night) -> None:
    """The bot was down for hours, or the clock jumped: the machine may have had a job meanwhile."""
    await night.minutes(20)
    for jump in (7_200.0, -86_400.0):
        night.outside.clock.tick(jump)
        night.restart()
        await night.minutes(9)
    assert night.said() == []


@pytest.mark.parametrize("later", [0.0, 600.0])
async def test_a_lost_answer_or_a_kill_leads_to_one_message(night: Night, later: float) -> None:
    """`later` is beyond the time for which Discord knows a nonce: then the history tells."""
    await night.minutes(30)
    night.outside.chat.fail("send_text", LOST_REPLY, after=True)
    await night.minutes(1)
    night.outside.clock.tick(later)
    night.restart()
    await night.minutes(1)
    assert len(night.said()) == 1
    (idling,) = await night.bot.store.idle_machines()
    assert idling.alarm is None
    assert idling.message_id == night.outside.chat.texts[0][0]


async def test_the_same_words_of_an_earlier_night_are_no_proof(night: Night) -> None:
    await night.minutes(31)
    night.run(replace(MACHINE, busy=True))
    await night.minutes(120)
    night.run(MACHINE)
    await night.minutes(30)
    night.outside.chat.fail("send_text", LOST_REPLY)
    night.outside.chat.fail("send_text", LOST_REPLY)
    await night.minutes(3)
    assert len(night.said()) == 2
    assert night.said()[0] == night.said()[1]


@pytest.mark.parametrize("error", [Missing("Unknown Channel"), Denied("Missing Permissions"), Deleted("gone")])
async def test_a_channel_that_refuses_is_asked_again_in_an_hour(night: Night, error: ServiceError) -> None:
    await night.minutes(30)
    night.outside.chat.fail("send_text", error)
    await night.minutes(30)
    assert night.said() == []
    await night.minutes(31)
    assert len(night.said()) == 1


async def test_a_denied_permission_is_logged_once_and_asked_for_once_an_hour(
    night: Night, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    night.fleet.running[GROUP.id] = Denied("ecs:ListContainerInstances is not allowed")
    await night.minutes(130)
    assert night.fleet.looks == 3
    said = capsys.readouterr().out + caplog.text
    assert said.count("no idle machine is noticed") == 1
    night.run(MACHINE)
    await night.minutes(120)
    assert len(night.said()) >= 1


async def test_one_group_that_cannot_be_seen_hides_no_other(night: Night) -> None:
    other = replace(GROUP, id="cluster-2", name="cpu-machines")
    night.projects.append(replace(PROJECT, name="other", queue="cpu", channel_ids=(78,)))
    night.fleet.queues["cpu"] = [other]
    night.fleet.running = {GROUP.id: Unavailable("no answer"), other.id: [replace(MACHINE, id="i-2")]}
    night.restart()
    await night.minutes(31)
    assert [channel for _, channel, _ in night.outside.chat.texts] == [78]
    night.fleet.queues["cpu"] = Denied("no")
    night.run(MACHINE)
    await night.minutes(31)
    assert [channel for _, channel, _ in night.outside.chat.texts] == [78, CHANNEL]


async def test_a_short_outage_forgets_no_count(night: Night) -> None:
    await night.minutes(20)
    night.fleet.running[GROUP.id] = Unavailable("no answer")
    await night.minutes(3)
    night.run(MACHINE)
    await night.minutes(10)
    assert len(night.said()) == 1


async def test_a_group_that_two_queues_share_is_looked_at_once(night: Night) -> None:
    night.projects.append(replace(PROJECT, name="other", queue="second", channel_ids=(78,)))
    night.fleet.queues["second"] = [GROUP]
    night.restart()
    await night.minutes(31)
    assert night.fleet.looks == 31
    assert [channel for _, channel, _ in night.outside.chat.texts] == [CHANNEL]


async def test_machines_that_a_rule_keeps_are_not_named(night: Night) -> None:
    """`minvCpus` keeps four vCPUs: of two machines without a job, one is to end."""
    night.fleet.queues["queue"] = [replace(GROUP, least_vcpus=4)]
    night.run(MACHINE)
    await night.minutes(60)
    assert night.said() == []
    night.run(MACHINE, replace(MACHINE, id="i-2"))
    await night.minutes(20)
    night.run(replace(MACHINE, id="i-2"), MACHINE)
    await night.minutes(11)
    (named,) = night.said()
    assert named.startswith("Machine `i-1` ")
    assert "no job for 30 min" in named, "as long as it was one too many"
    night.run(MACHINE, replace(MACHINE, id="i-3", busy=True, vcpus=8))
    await night.minutes(60)
    assert len(night.said()) == 2, "the busy one is more than what is to be kept"


async def test_an_own_delay_of_the_group_counts_first(night: Night) -> None:
    night.fleet.queues["queue"] = [replace(GROUP, delay_seconds=1_200)]
    await night.minutes(50)
    assert night.said() == []
    await night.minutes(1)
    assert len(night.said()) == 1


async def test_a_machine_that_is_gone_is_forgotten(night: Night) -> None:
    await night.minutes(31)
    night.run()
    await night.minutes(1)
    assert await night.bot.store.idle_machines() == []


async def test_one_that_does_not_answer_may_be_gone(night: Night) -> None:
    night.run(replace(MACHINE, answers=False))
    await night.minutes(31)
    (named,) = night.said()
    assert "AWS Batch has lost contact with it: it may hang, or be gone already." in named


async def test_it_pings_the_roles_that_administer_only_by_choice(night: Night) -> None:
    await night.minutes(31)
    assert night.outside.chat.pinged == []
    night.mentions = True
    night.restart()
    await night.minutes(60)
    assert night.said()[1].startswith(f"<@&{ADMIN}> Machine ")
    assert night.outside.chat.pinged == [ADMIN]


async def test_what_it_cost_is_said_where_a_price_is_known(night: Night, tmp_path: Path) -> None:
    night.projects = [replace(PROJECT, usd_per_hour=0.8)]
    night.restart()
    await night.minutes(31)
    assert "has had no job for 30 min, about $0.40. " in night.said()[0]
    night.projects, night.book = (
        [PROJECT],
        PriceBook(FewPrices(), tmp_path / "p.json", night.outside.clock, PriceSettings()),
    )
    night.restart()
    await night.minutes(60)
    assert "has had no job for 90 min, about $0.32. " in night.said()[1], "0.2 spot, 0.005 for the address, its disk"
    night.projects = [replace(PROJECT, usd_per_hour=0.0)]
    night.restart()
    await night.minutes(60)
    assert "has had no job for 150 min. " in night.said()[2]
