"""What is told about agents: which there are, what each is, and what it was; and how much of it where others read."""

from __future__ import annotations

from core.errors import FlowMateError, StoreUnavailable
from core.making.commands import Verb, Wish
from core.making.shop import Shop
from core.models import Address, MadeAgent, Person
from core.rendering import making as words

READING: frozenset[Verb] = frozenset({"list", "show", "versions"})


class Showing:
    """Answers wishes that change nothing."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    async def tell(self, wish: Wish, *, by: Person, at: Address, aloud: bool) -> str:
        """The answer; `aloud`: without what is this person's alone, since others read it, too.

        Raises NotFound, Conflict and StoreUnavailable.
        """
        match wish.verb:
            case "list":
                return await self._list(by=by, at=at, aloud=aloud)
            case "versions":
                return await self._versions(wish.name, by=by, at=at, aloud=aloud)
            case _:
                return await self._show(wish.name, by=by, at=at, aloud=aloud)

    async def confided(self, wish: Wish, *, by: Person, at: Address) -> str | None:
        """All of the answer, where less of it would be said aloud; None where it is for everybody, or none at all.

        Raises StoreUnavailable.
        """
        try:
            if not await self._holds_back(wish, by=by, at=at):
                return None
            return await self.tell(wish, by=by, at=at, aloud=False)
        except StoreUnavailable:
            raise
        except FlowMateError:
            return None

    async def unmet(self, made: MadeAgent) -> tuple[str, ...]:
        """What its tools lack here, each with how to mend it."""
        return await self._shop.unmet(made.agent, platform=made.platform, workspace=made.workspace)

    async def _holds_back(self, wish: Wish, *, by: Person, at: Address) -> bool:
        crew = await self._shop.crew(at)
        private = crew.private_to(by.id)
        if wish.verb == "list":
            shadowed = (made.private and made.owner.id == by.id for made in crew.shadowed.values())
            return bool(private) or any(shadowed)
        if wish.verb == "show":
            return wish.name in private
        return any(made.private for made in await self._shop.history(wish.name, by=by, at=at))

    async def _list(self, *, by: Person, at: Address, aloud: bool) -> str:
        crew = await self._shop.crew(at)
        made, shadowed = crew.made.values(), crew.shadowed.values()
        if not aloud:
            return words.listing(crew.files.values(), made, shadowed, me=by.id)
        mine = any(one.private and one.owner.id == by.id for one in (*made, *shadowed))
        public, shaded = ([one for one in some if not one.private] for some in (made, shadowed))
        return words.listing(crew.files.values(), public, shaded, me=by.id, held_back=mine)

    async def _show(self, name: str, *, by: Person, at: Address, aloud: bool) -> str:
        crew = await self._shop.crew(at)
        if name in crew.files:
            return words.shown(crew.files[name])
        found = await self._shop.find(name, by=by, at=at)
        if aloud and found.private:
            return words.NOT_SHOWN_HERE
        return words.card(found, unmet=await self.unmet(found))

    async def _versions(self, name: str, *, by: Person, at: Address, aloud: bool) -> str:
        found = await self._shop.history(name, by=by, at=at)
        told = [one for one in found if not (aloud and one.private)]
        return words.versions(told) if told else words.NOT_SHOWN_HERE
