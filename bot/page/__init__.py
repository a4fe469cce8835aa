"""The chat page: FlowMate in a browser, for the local operator. `/` and what belongs to it."""

from bot.page.routes import router

__all__ = ["router"]
