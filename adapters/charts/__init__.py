"""Charts as PNG files, drawn in a process of their own: no worker should keep what matplotlib takes."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

from core.errors import ToolFailed

DRAWING_SECONDS = 30.0


async def draw(chart: dict[str, Any], path: Path) -> int:
    """Draw the chart into this file; returns its size in bytes. Raises ToolFailed."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = path.with_suffix(".partial.png")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "adapters.charts.drawing",
        str(partial),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "MPLCONFIGDIR": str(path.parent / ".matplotlib")},
    )
    try:
        async with asyncio.timeout(DRAWING_SECONDS):
            await process.communicate(json.dumps(chart).encode())
    except TimeoutError as error:
        raise ToolFailed("The chart took too long to draw.") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        raise ToolFailed("The chart could not be drawn.")
    return await asyncio.to_thread(_settle, partial, path)


def _settle(partial: Path, path: Path) -> int:
    partial.replace(path)
    return path.stat().st_size
