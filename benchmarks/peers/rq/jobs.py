"""What the workers run. The client is made before they fork, without a connection yet."""

from __future__ import annotations

import os

import contract
import httpx2
from openai import OpenAI
from redis import Redis
from rq.job import Job

model = OpenAI(api_key=contract.KEY, base_url=os.environ["PEER_MODEL_URL"], max_retries=0)
redis = Redis.from_url(os.environ["PEER_REDIS_URL"])


def ask(agent: str) -> str:
    completion = model.chat.completions.create(model=contract.MODEL, messages=contract.messages(agent))
    return completion.choices[0].message.content


def deliver(delegation: str, asked: list[str]) -> None:
    said = [job.return_value() for job in Job.fetch_many(asked, connection=redis)]
    answer = {"delegation": delegation, "answer": contract.answer_of(said)}
    httpx2.post(f"{os.environ['PEER_SINK_URL']}/sink", json=answer, timeout=60.0).raise_for_status()
