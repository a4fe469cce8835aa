"""Backups are copied into a connected bucket: by the agent, and by the command."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio
from sqlalchemy import Connection, delete

from adapters.archives import restore_archive
from adapters.integrations.s3 import to_bucket
from adapters.sql import tables
from adapters.web.bucket import PART_BYTES
from core.errors import ToolFailed, TransientError
from core.rendering import archives as archive_words
from tests.integration.http_harness import TOKEN, Service
from tests.integration.test_cli_command import Flowmate
from tests.services.storage import Storage

pytest_plugins = ("tests.integration.http_fixtures",)
pytestmark = pytest.mark.asyncio(loop_scope="session")

PATH = "/api/v1/integrations"


@pytest.fixture
def bucket(storage: Storage) -> str:
    return storage.make(f"backups-{uuid4().hex[:8]}")


@pytest_asyncio.fixture(loop_scope="session")
async def alone(service: Service) -> AsyncIterator[Service]:
    """The service, with nothing connected before and after."""
    await _revoke_all(service)
    yield service
    await _revoke_all(service)


async def _revoke_all(service: Service) -> None:
    for one in (await service.get(PATH)).body:
        await service.call("DELETE", f"{PATH}/{one['id']}")


async def connected(service: Service, storage: Storage, bucket: str, **changes: str) -> dict[str, object]:
    reply = await service.post(PATH, {"kind": "s3", "fields": storage.fields(bucket, **changes)})
    assert reply.status == 201, reply.text
    assert storage.secret_key not in reply.text
    tested: dict[str, object] = reply.body["test"]
    return tested


async def test_the_agents_backup_is_copied_whole(alone: Service, storage: Storage, bucket: str) -> None:
    tested = await connected(alone, storage, bucket, prefix="team/nightly")
    assert tested["passed"], tested
    result = (await alone.delegate("create backup")).body["results"][0]
    assert result["status"] == "succeeded", result
    [(key, content)] = storage.objects(bucket).items()
    assert f"- Copy: `s3://{bucket}/{key}`" in result["output"]
    here = alone.folder / "backups" / key.removeprefix("team/nightly/")
    assert content == here.read_bytes()


async def test_without_a_bucket_the_backup_is_made_here(alone: Service) -> None:
    result = (await alone.delegate("create backup")).body["results"][0]
    assert result["status"] == "succeeded"
    assert "Copy" not in result["output"]


async def test_a_copy_that_fails_is_a_failure_that_says_where_the_backup_is(
    alone: Service, storage: Storage, bucket: str
) -> None:
    reader = {"access_key": storage.reader_access_key, "secret_key": storage.reader_secret_key}
    tested = await connected(alone, storage, bucket, **reader)
    assert tested["passed"], "it may list"
    result = (await alone.delegate("create backup")).body["results"][0]
    assert result["status"] == "failed"
    assert "The backup is at " in result["error"]
    assert f"{bucket} doesn't let FlowMate in" in result["error"]
    assert storage.objects(bucket) == {}


async def test_the_command_copies_everything_into_the_operators_bucket(
    alone: Service, storage: Storage, bucket: str, tmp_path: Path
) -> None:
    flowmate = Flowmate(tmp_path, port=alone.port)
    there = {"FLOWMATE_OPERATOR_TOKEN": TOKEN, "FLOWMATE_DATA_DIR": str(alone.folder)}
    before = await flowmate.run("backup", environment=there)
    assert (before.code, "copy" in before.err) == (0, False)
    await connected(alone, storage, bucket)
    made = await flowmate.run("backup", environment=there)
    path = Path(made.out.strip())
    assert (made.code, storage.objects(bucket)) == (0, {path.name: path.read_bytes()})
    assert f"A copy is at s3://{bucket}/{path.name}" in made.err
    storage.client.delete_object(Bucket=bucket, Key=path.name)
    storage.client.delete_bucket(Bucket=bucket)
    failed = await flowmate.run("backup", environment=there)
    assert failed.code == 1
    assert Path(failed.out.strip()).is_file()
    assert f"It is here alone: There is no bucket named {bucket} there." in failed.err
    assert storage.secret_key not in json.dumps([made.err, failed.err])


async def test_what_lies_in_the_bucket_is_listed_and_put_back_from_there(
    alone: Service, storage: Storage, bucket: str, tmp_path: Path
) -> None:
    flowmate = Flowmate(tmp_path, port=alone.port)
    there = {"FLOWMATE_OPERATOR_TOKEN": TOKEN, "FLOWMATE_DATA_DIR": str(alone.folder)}
    await connected(alone, storage, bucket, prefix="team/nightly")
    await alone.delegate(f"take a note: {bucket}")
    made = await alone.post(
        "/api/v1/schedules", {"when": "every weekday at 9", "instruction": "what time is it"}
    )
    assert made.status == 201, made.body
    here = Path((await flowmate.run("backup", environment=there)).out.strip())
    place = f"s3://{bucket}/team/nightly/{here.name}"
    listed = (await flowmate.run("backups", environment=there)).out.splitlines()
    assert (listed[0], listed[-1]) == (str(here), place)
    here.unlink()

    def forget(c: Connection) -> None:
        c.execute(delete(tables.notes).where(tables.notes.c.text == bucket))
        c.execute(delete(tables.schedules))

    await alone.assembly.database.write(forget)
    restored = await flowmate.run("restore", place, environment=there)
    assert (restored.code, restored.out) == (0, "Restored: 1 note and 1 schedule.\n")
    assert restored.err == (
        f"{archive_words.SCHEDULES_GO_ON}\n"
        "Connected services are not in backups: connect them again (`flowmate integrations connect KIND`).\n"
    )
    assert bucket in (await alone.delegate("list my notes")).body["answer"]
    assert list(alone.folder.glob("restore-*")) == [], "nothing of the copy stays"


MISSING = [
    ("s3://{bucket}/none.zip", "There is no none.zip in the bucket {bucket}."),
    ("s3://{bucket}/junk.zip", "junk.zip is damaged, or no archive of FlowMate's."),
    ("s3://{bucket}", "There is no file named in s3://{bucket}."),
    ("s3://invented-elsewhere/a.zip", "No bucket named invented-elsewhere is connected"),
]


@pytest.mark.parametrize(("place", "said"), MISSING)
async def test_what_can_not_be_restored_from_a_bucket_is_said(
    alone: Service, storage: Storage, bucket: str, place: str, said: str
) -> None:
    await connected(alone, storage, bucket)
    storage.client.put_object(Bucket=bucket, Key="junk.zip", Body=b"no archive")
    with pytest.raises(ToolFailed) as failed:
        await restore_archive(alone.assembly.settings, place.format(bucket=bucket), None)
    assert said.format(bucket=bucket) in failed.value.sentence
    assert list(alone.folder.glob("restore-*")) == []


async def test_a_bucket_that_is_gone_hides_no_archive_that_is_here(
    alone: Service, storage: Storage, bucket: str, tmp_path: Path
) -> None:
    flowmate = Flowmate(tmp_path, port=alone.port)
    there = {"FLOWMATE_OPERATOR_TOKEN": TOKEN, "FLOWMATE_DATA_DIR": str(alone.folder)}
    here = (await flowmate.run("backup", environment=there)).out.strip()
    await connected(alone, storage, bucket)
    storage.client.delete_bucket(Bucket=bucket)
    listed = await flowmate.run("backups", environment=there)
    assert (listed.code, listed.out.splitlines()[0]) == (1, here)
    assert f"can't be shown: There is no bucket named {bucket} there." in listed.err
    assert storage.secret_key not in listed.err


async def test_a_large_archive_comes_down_in_parts_for_its_owner_alone(
    storage: Storage, bucket: str, tmp_path: Path
) -> None:
    content = bytes(range(256)) * 70_000
    storage.client.put_object(Bucket=bucket, Key="a/large.zip", Body=content)
    file = tmp_path / "large.zip"
    await to_bucket(storage.fields(bucket)).get("a/large.zip", file)
    assert file.read_bytes() == content
    assert len(content) > PART_BYTES
    assert file.stat().st_mode & 0o777 == 0o600
    reader = {"access_key": storage.reader_access_key, "secret_key": storage.reader_secret_key}
    with pytest.raises(ToolFailed, match="doesn't let FlowMate in"):
        await to_bucket(storage.fields(bucket, **reader)).get("a/large.zip", tmp_path / "no.zip")


@pytest.mark.parametrize(
    ("changes", "failure", "said"),
    [
        ({"secret_key": "invented-wrong-secret"}, ToolFailed, "doesn't let FlowMate in"),
        ({"access_key": "INVENTEDNOBODY"}, ToolFailed, "doesn't let FlowMate in"),
        ({"bucket": "invented-nowhere"}, ToolFailed, "no bucket named invented-nowhere"),
        ({"url": "http://127.0.0.1:9"}, TransientError, "did not answer"),
    ],
)
async def test_what_is_wrong_with_a_bucket_is_said_without_its_secret(
    service: Service,
    storage: Storage,
    bucket: str,
    changes: dict[str, str],
    failure: type[Exception],
    said: str,
) -> None:
    kind = service.assembly.integrations.kinds["s3"]
    values = storage.fields(bucket) | changes
    kind.check(values)
    with pytest.raises(failure, match=said) as caught:
        await kind.test(values)
    assert values["secret_key"] not in str(caught.value)
    assert caught.value.__cause__ is None


async def test_a_large_archive_goes_up_in_parts(storage: Storage, bucket: str, tmp_path: Path) -> None:
    file = tmp_path / "large.zip"
    file.write_bytes(bytes(range(256)) * 45_000)
    place = await to_bucket(storage.fields(bucket)).put(file)
    assert place == f"s3://{bucket}/large.zip"
    assert storage.objects(bucket) == {"large.zip": file.read_bytes()}
    assert "-" in storage.client.head_object(Bucket=bucket, Key="large.zip")["ETag"], "in several parts"
    with pytest.raises(ToolFailed, match=r"gone\.zip can't be read"):
        await to_bucket(storage.fields(bucket)).put(tmp_path / "gone.zip")


async def test_the_key_shows_in_no_description(storage: Storage, bucket: str) -> None:
    assert storage.secret_key not in repr(to_bucket(storage.fields(bucket)))
