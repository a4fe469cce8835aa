"""What a route gets from the app it belongs to."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from adapters.assembly import Assembly
from adapters.chat.platform import Reception


def _parts(request: Request) -> Assembly:
    assembly: Assembly = request.app.state.assembly
    return assembly


def _reception(request: Request) -> Reception:
    reception: Reception = request.app.state.reception
    return reception


Parts = Annotated[Assembly, Depends(_parts)]
Front = Annotated[Reception, Depends(_reception)]
"""The reception as every door of this process uses it, so that all that comes in is counted."""
