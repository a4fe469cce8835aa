"""Putting jobs into an RQ queue: however many there are, in one step of Redis, and each at most once."""

# mypy: allow-untyped-calls
# (RQ is only partly annotated.)

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from rq import Queue
from rq.defaults import RQ_KEY_PREFIX
from rq.job import Job, JobStatus
from rq.rate_limit import ACQUIRE_AND_ENQUEUE_SCRIPT, RateLimitRegistry
from rq.utils import utcformat

LIMIT_PREFIX = f"{RQ_KEY_PREFIX}:rl:"
LET_IN = f"local function let_in(KEYS, ARGV)\n{ACQUIRE_AND_ENQUEUE_SCRIPT}\nend\n"
"""RQ's script that fills a limit's free places, as a function for other scripts: its globals are parameters."""

# Leaves alone what exists. Of the others it writes what RQ's `Queue.enqueue_job` writes, which takes only one job at a
# time that must not exist yet, and of those that are limited none.
# KEYS: the queue, all queues, all limits. ARGV: prefixes of queues, jobs and limits, the second, now as text, how many
# fields all jobs share and these; then for each job its id, its limit's key or nothing, how many at once that lets in,
# since when it waits for that, how many fields it has of its own and these.
ENQUEUE_SCRIPT = (
    LET_IN
    + """
local queues, jobs, limits, second, stamp = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local common = tonumber(ARGV[6])
local concurrencies, order = {}, {}
local made, at = 0, 7 + common
while at <= #ARGV do
    local id, limit, concurrency = ARGV[at], ARGV[at + 1], ARGV[at + 2]
    local since, own = ARGV[at + 3], tonumber(ARGV[at + 4])
    local job = jobs .. id
    if redis.call('EXISTS', job) == 0 then
        made = made + 1
        if common > 0 then
            redis.call('HSET', job, unpack(ARGV, 7, 6 + common))
        end
        if own > 0 then
            redis.call('HSET', job, unpack(ARGV, at + 5, at + 4 + own))
        end
        if limit == '' then
            redis.call('RPUSH', KEYS[1], id)
        else
            redis.call('ZADD', limits .. limit .. ':rate_limited', since, id)
            if not concurrencies[limit] then
                order[#order + 1] = limit
                redis.call('SADD', KEYS[3], limit)
                redis.call('HSET', limits .. limit, 'concurrency', concurrency)
            end
            concurrencies[limit] = concurrency
        end
    end
    at = at + 5 + own
end
if made > 0 then
    redis.call('SADD', KEYS[2], KEYS[1])
end
for _, limit in ipairs(order) do
    local key = limits .. limit
    let_in({key .. ':allowed', key .. ':rate_limited'}, {concurrencies[limit], second, stamp, queues, jobs})
end
return made
"""
)
_AT_ONCE = 200
"""How many jobs one call takes: Redis does nothing else meanwhile, for about 3 ms."""


class Enqueuing:
    """Enqueues on one queue; safe to repeat, and from any thread."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self._script = queue.connection.register_script(ENQUEUE_SCRIPT)

    def enqueue(self, jobs: Sequence[Job], *, instant: datetime) -> None:
        """Enqueues those that don't exist, in their order, as of this instant. Raises what redis raises."""
        for first in range(0, len(jobs), _AT_ONCE):
            self._together(jobs[first : first + _AT_ONCE], instant + timedelta(microseconds=first))

    def _together(self, jobs: Sequence[Job], instant: datetime) -> None:
        mappings = [self._fields(job, instant) for job in jobs]
        shared = _shared(mappings)
        arguments: list[Any] = [
            Queue.redis_queue_namespace_prefix,
            Job.redis_job_namespace_prefix,
            LIMIT_PREFIX,
            int(instant.timestamp()),
            utcformat(instant),
            2 * len(shared),
            *_flat(shared),
        ]
        for place, (job, mapping) in enumerate(zip(jobs, mappings, strict=True)):
            own = {name: value for name, value in mapping.items() if name not in shared}
            # RQ's own stamps are whole seconds, within which the ids would decide who is first.
            since = instant.timestamp() + place * 1e-6
            limit = (job.rate_limit_key or "", job.rate_limit_concurrency or 0)
            arguments += (job.id, *limit, since, 2 * len(own), *_flat(own))
        queue = self._queue
        self._script(keys=[queue.key, queue.redis_queues_keys, RateLimitRegistry.rl_keys_key], args=arguments)

    def _fields(self, job: Job, instant: datetime) -> dict[str, Any]:
        job.origin = self._queue.name
        job.created_at = instant
        if job.has_rate_limit:
            job._status = JobStatus.RATE_LIMITED
        else:
            job._status, job.enqueued_at = JobStatus.QUEUED, instant
        return job.to_dict()


def _shared(mappings: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What all have in common goes to Redis once: that is nearly everything."""
    first, *others = mappings
    missing = object()
    return {
        name: value
        for name, value in first.items()
        if all(other.get(name, missing) == value for other in others)
    }


def _flat(mapping: Mapping[str, Any]) -> list[Any]:
    return [part for item in mapping.items() for part in item]
