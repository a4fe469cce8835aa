"""Running one micro agent on one task."""

from core.agent_loop.calls import OnProgress
from core.agent_loop.loop import AgentLoop

__all__ = ["AgentLoop", "OnProgress"]
