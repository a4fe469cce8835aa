"""Jobs are enqueued by name; every name leads to a function that takes one id."""

from __future__ import annotations

import inspect
from importlib import import_module

import pytest

from adapters.queue.rq_queue import FUNCTIONS
from core.ports.job_queue import JobKind


@pytest.mark.parametrize("kind", list(JobKind))
def test_every_job_name_resolves(kind: JobKind) -> None:
    module, _, name = FUNCTIONS[kind].rpartition(".")
    function = getattr(import_module(module), name)
    assert inspect.iscoroutinefunction(function)
    assert len(inspect.signature(function).parameters) == 1
