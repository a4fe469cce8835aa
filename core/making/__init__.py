"""Making agents: in chat, question by question or in one message, over the API and in the terminal: all the same."""

from core.making.shop import MakingLimits, Shop
from core.making.talk import MakingDesk

__all__ = ["MakingDesk", "MakingLimits", "Shop"]
