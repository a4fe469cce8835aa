"""Parlour, a chat platform that does not exist, of the kind that Discord is: stricter than any that does.

A gateway (a WebSocket) brings what people do, numbered; a client identifies itself, shows that it lives by heartbeats,
which also say up to which number it has kept everything, and resumes after a break. Everything that it does goes over
a REST API with a bot token: messages of at most 2000 characters with a nonce, which is answered with the message that
already bears it; threads, which have to be opened; buttons, whose presses must be answered within 3 seconds; buckets
of calls, each with a 429 of its own.

    async with parlour_server() as parlour:
        ada = parlour.person("ada")
        question = parlour.say(ada, "C1", f"<@{ME}> what is 2+2")
        await parlour.until(lambda: parlour.shown("C1"))
"""

from tests.counterparts.parlour.server import ME, TOKEN, Message, ParlourServer, Person, parlour_server

__all__ = ["ME", "TOKEN", "Message", "ParlourServer", "Person", "parlour_server"]
