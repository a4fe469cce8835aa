"""A bucket of an S3-compatible store, with obstore: signing, retries and uploads in parts are its own.

Its blocking calls, in threads of ours: those of asyncio are woken by threads of its own that want the interpreter once
more, and abort a process that is just ending (PyO3/pyo3-async-runtimes, issue 40).
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import FlowMateError, ToolFailed, TransientError

if TYPE_CHECKING:
    from obstore.store import S3Store

CONNECT_SECONDS = 5
REQUEST_SECONDS = 60
RETRIES = 2
RETRY_SECONDS = 15
PART_BYTES = 16 * 1024 * 1024
UNSURE = ("HTTP error", "after 2 retries", " 500 ", " 503 ", "SlowDown", "RequestTimeout")
"""In obstore's words: the other side may answer later."""
KEYS = (" 401 ", " 403 ", "InvalidAccessKeyId", "SignatureDoesNotMatch", "AccessDenied")


@dataclass(frozen=True)
class Stored:
    """A file in a bucket."""

    place: str
    """`s3://bucket/key`."""
    size_bytes: int
    at: datetime


@dataclass(frozen=True)
class Bucket:
    """Where it is, and what signs the requests."""

    name: str
    access_key: str
    secret_key: str = field(repr=False)
    region: str = "us-east-1"
    endpoint: str = ""
    """Of a store that isn't Amazon's."""
    prefix: str = ""

    def place(self, name: str) -> str:
        """What a file is called there, for people."""
        return f"s3://{self.name}/{self._key(name)}"

    async def look(self) -> None:
        """List it, no further than the first page. Raises ToolFailed and TransientError. Safe to repeat."""
        from obstore import list_with_delimiter
        from obstore.exceptions import BaseError

        try:
            await asyncio.to_thread(list_with_delimiter, self._store(), self.prefix or None)
        except (BaseError, FileNotFoundError) as error:
            raise self._failure(error) from None

    async def put(self, path: Path) -> str:
        """Upload a file under its own name, and give its place. Raises ToolFailed and TransientError.

        Safe to repeat: the same name is the same object, which is there whole or not at all.
        """
        from obstore import head, put
        from obstore.exceptions import BaseError

        store, key = self._store(), self._key(path.name)
        try:
            size = (await asyncio.to_thread(path.stat)).st_size
        except OSError as error:
            raise ToolFailed(f"{path.name} can't be read ({error.strerror}).") from error
        try:
            await asyncio.to_thread(put, store, key, path)
            there = await asyncio.to_thread(head, store, key)
        except (BaseError, FileNotFoundError) as error:
            # A bucket that isn't there is a FileNotFoundError to it.
            raise self._failure(error) from None
        if there["size"] != size:
            raise TransientError(f"Of {path.name} only a part has come into the bucket {self.name}.")
        return self.place(path.name)

    async def listed(self) -> tuple[Stored, ...]:
        """All files right in its folder, the newest first. Raises ToolFailed and TransientError. Safe to repeat."""
        from obstore import list_with_delimiter
        from obstore.exceptions import BaseError

        try:
            found = await asyncio.to_thread(list_with_delimiter, self._store(), self.prefix or None)
        except (BaseError, FileNotFoundError) as error:
            raise self._failure(error) from None
        files = [
            Stored(f"s3://{self.name}/{one['path']}", one["size"], one["last_modified"])
            for one in found["objects"]
        ]
        return tuple(sorted(files, key=lambda file: (file.at, file.place), reverse=True))

    async def get(self, key: str, path: Path) -> None:
        """Download an object into a new file that only its owner may read. Raises ToolFailed and TransientError.

        In parts, each with its own time-out: a large one takes longer than any that is sensible for all of it. What
        broke off is no whole archive, and reading it says so.
        """
        from obstore.exceptions import BaseError

        try:
            await asyncio.to_thread(self._download, key, path)
        except FileNotFoundError as error:
            if "NoSuchBucket" in str(error):
                raise self._failure(error) from None
            raise ToolFailed(f"There is no {key} in the bucket {self.name}.") from None
        except BaseError as error:
            raise self._failure(error) from None
        except OSError as error:
            raise ToolFailed(f"{path.name} can't be written ({error.strerror}).") from error

    def _download(self, key: str, path: Path) -> None:
        from obstore import get_range, head

        store = self._store()
        size = head(store, key)["size"]
        with open(path, "xb", opener=_privately) as file:
            for start in range(0, size, PART_BYTES):
                part = get_range(store, key, start=start, end=min(start + PART_BYTES, size))
                file.write(memoryview(part))

    def _key(self, name: str) -> str:
        return f"{self.prefix}/{name}" if self.prefix else name

    def _store(self) -> S3Store:
        # 12 MB, for those who have a bucket.
        from obstore.store import S3Store

        return S3Store(
            self.name,
            access_key_id=self.access_key,
            secret_access_key=self.secret_key,
            region=self.region,
            endpoint=self.endpoint or f"https://s3.{self.region}.amazonaws.com",
            client_options={
                "allow_http": self.endpoint.startswith("http://"),
                "connect_timeout": timedelta(seconds=CONNECT_SECONDS),
                "timeout": timedelta(seconds=REQUEST_SECONDS),
            },
            retry_config={"max_retries": RETRIES, "retry_timeout": timedelta(seconds=RETRY_SECONDS)},
        )

    def _failure(self, error: Exception) -> FlowMateError:
        """In our words: its own hold the whole request, and the answer as it came."""
        said = str(error)
        if "NoSuchBucket" in said:
            return ToolFailed(f"There is no bucket named {self.name} there.")
        if any(sign in said for sign in KEYS):
            return ToolFailed(
                f"The bucket {self.name} doesn't let FlowMate in; check the keys in the s3 integration."
            )
        if any(sign in said for sign in UNSURE):
            return TransientError(f"The store of the bucket {self.name} did not answer.")
        return ToolFailed(f"The store of the bucket {self.name} refuses what it was asked.")


def _privately(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
