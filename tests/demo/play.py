"""The story itself, part by part."""

from __future__ import annotations

import re
from email.message import EmailMessage

from core.rendering.approvals import UNNAMED
from tests.demo.scene import Scene, scene
from tests.demo.story import HANDOVER, ORDER, STRANGER, SUMMARISER, TEAM
from tests.demo.telling import Teller
from tests.integration.service import Service, own_environment, running

ASKED = re.compile(r"`flowmate approve (?P<id>\w+)`")
SCHEDULE = 'schedule: "every day at 18:00 UTC: hand over from {feed}"'


async def play(teller: Teller) -> int:
    """Tell it; 0 where it ended as it should, 1 where the last line says what went otherwise."""
    async with scene() as here:
        teller.say(
            "A status feed, a mail server, a Slack workspace and a language model run on this machine, and nowhere "
            "else. The model is scripted: it obeys whatever it reads, and one entry of the feed gives it orders."
        )
        await _write_digest(teller, here)
        await teller.part("FlowMate starts: an embedded queue, SQLite, a web process, a worker, a scheduler.")
        teller.typed("flowmate up")
        async with running(here.folder, **here.environment) as service:
            teller.show("".join(service.output).strip(), style="")
            telling = _Telling(teller, here, service)
            await telling.summary()
            await telling.mail()
            await telling.digest()
            await telling.usage()
        teller.show("".join(service.output).splitlines()[-1], style="")
        return _judged(teller, here, [*telling.failed, *here.slack.problems])


async def _write_digest(teller: Teller, here: Scene) -> None:
    await teller.part(
        "A digest for a channel is one file: a ready-made agent, when it works, and where it posts."
    )
    agents = here.folder / "data" / "agents"
    agents.mkdir(parents=True)
    file = agents / f"{HANDOVER}.md"
    await teller.write(
        "agents", "templates", HANDOVER, file=file, environment=own_environment(), folder=here.folder
    )
    lines = (SCHEDULE.format(feed=here.feed), f"post_to: {here.place}")
    teller.say("Two lines are added to what that wrote:")
    teller.show("\n".join(lines))
    head, body = file.read_text().split("\n---\n", 1)
    file.write_text("\n".join((head, *lines, "---", body)))


class _Telling:
    """The parts for which FlowMate runs."""

    def __init__(self, teller: Teller, here: Scene, service: Service) -> None:
        self._teller = teller
        self._here = here
        self._environment = service.environment
        self._heard: list[str] = []
        self.failed: list[str] = []
        """One sentence on each command that did not do what it should."""

    async def summary(self) -> None:
        await self._teller.part("Another ready-made agent becomes ours; it can read, and nothing else.")
        await self._flowmate("agents", "new", "--template", SUMMARISER)
        await self._teller.part(
            "A summary is asked for, by mail. One entry of the feed wants more than that:"
        )
        self._teller.show(ORDER, style="yellow")
        await self._flowmate("ask", f"sum up the incident from {self._here.feed} and email it to {TEAM}")
        if self._here.model.told:
            self._teller.say(f"The model of {SUMMARISER} had asked for send_email, too. All that it got:")
            self._teller.show(self._here.model.told[0], style="yellow")

    async def mail(self) -> None:
        mails = self._here.mail.mails
        await self._teller.part(
            f"What the mail server took: {len(mails)} mail{'s' if len(mails) != 1 else ''}."
        )
        for mail in mails:
            self._teller.show(_as_text(mail))

    async def digest(self) -> None:
        await self._teller.part("The digest waits for 18:00; nobody has to.")
        await self._flowmate("schedules", "list")
        await self._flowmate("schedules", "run", "1")
        self._teller.say("In the channel:")
        self._teller.show(await self._here.until_posted())

    async def usage(self) -> None:
        await self._teller.part("What that took, as the model's server counted it.")
        await self._flowmate("usage", "--by", "agent")

    async def _flowmate(self, *arguments: str) -> None:
        environment = dict(self._environment)
        if self._teller.asks:
            environment.pop("NO_COLOR")
        code = await self._teller.run(
            *arguments, environment=environment, folder=self._here.folder, on_line=self._hear
        )
        if code:
            self.failed.append(f"`flowmate {arguments[0]}` ended with {code}.")

    async def _hear(self, line: str) -> None:
        """Where nobody sits at the terminal, answer from another one: only a mail that the instruction names goes."""
        self._heard.append(line)
        if asked := ASKED.search(line):
            answer = "deny" if UNNAMED in self._heard else "approve"
            self._heard.clear()
            self._teller.say("From another terminal:")
            await self._flowmate(answer, asked["id"])


def _as_text(mail: EmailMessage) -> str:
    head = "\n".join(f"{name}: {mail[name]}" for name in ("From", "To", "Subject"))
    return f"{head}\n\n{mail.get_content().strip()}"


def _judged(teller: Teller, here: Scene, problems: list[str]) -> int:
    """Whether it went as it goes where the stranger's mail is refused and the team's is approved."""
    receivers = [receiver for _, to in here.mail.envelopes for receiver in to]
    teller.say("")
    if receivers == [TEAM] and not problems:
        teller.say(
            f"One summary to {TEAM}, one digest in the channel, and nothing to {STRANGER}.", style="bold"
        )
        return 0
    teller.say(f"Mail went to: {', '.join(receivers) or 'nobody'}.", style="bold")
    teller.show("\n".join(problems), style="red")
    return 0 if teller.asks else 1
