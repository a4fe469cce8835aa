"""The chat page: FlowMate in a browser, for the local operator. `/` and what belongs to it."""

from bot.page.connecting import router as connecting
from bot.page.routes import router

router.include_router(connecting)

__all__ = ["router"]
