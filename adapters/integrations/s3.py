"""S3-compatible storage, to which backups are copied: Amazon's, MinIO, Garage, Ceph, R2 and the like."""

from __future__ import annotations

import re
from collections.abc import Mapping

from adapters.integrations import KindParts
from adapters.integrations.addresses import check_url
from adapters.web.bucket import Bucket
from core.errors import InvalidIntegration
from core.ports.integrations import Field

NAME = "s3"
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_REGION = re.compile(r"[a-z0-9-]{1,40}")
_PREFIX = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,60}(/[A-Za-z0-9_-][A-Za-z0-9._-]{0,60}){0,5}")


class S3:
    """One bucket, with keys that may list it, write to it, and read it for a restore. The server is the one that is
    named, wherever it is."""

    name: str = NAME
    title: str = "S3-compatible storage for backups"
    fields: tuple[Field, ...] = (
        Field(name="bucket", title="bucket"),
        Field(name="access_key", title="access key's id"),
        Field(name="secret_key", title="secret key", secret=True),
        Field(name="url", title="server's address (Amazon's)", required=False),
        Field(name="region", title="region (us-east-1)", required=False),
        Field(name="prefix", title="folder in the bucket", required=False),
    )

    def check(self, values: Mapping[str, str]) -> None:
        if not _BUCKET.fullmatch(values["bucket"]):
            raise InvalidIntegration("That is no name of a bucket.", field="fields.bucket")
        if "url" in values:
            check_url(values["url"], field="fields.url")
        if not _REGION.fullmatch(values.get("region", "x")):
            raise InvalidIntegration("That is no region, such as eu-central-1.", field="fields.region")
        if not _PREFIX.fullmatch(values.get("prefix", "x")):
            raise InvalidIntegration("A folder is written as one/two.", field="fields.prefix")
        for name in ("access_key", "secret_key"):
            if not values[name].isascii() or any(c.isspace() for c in values[name]):
                raise InvalidIntegration("A key is one word of ASCII characters.", field=f"fields.{name}")

    async def test(self, values: Mapping[str, str]) -> str:
        await to_bucket(values).look()
        return (
            f"The bucket {values['bucket']} can be read; whether it can be written, the first backup shows."
        )


def to_bucket(values: Mapping[str, str]) -> Bucket:
    """The bucket of an s3 integration."""
    return Bucket(
        name=values["bucket"],
        access_key=values["access_key"],
        secret_key=values["secret_key"],
        region=values.get("region", "us-east-1"),
        endpoint=values.get("url", "").rstrip("/"),
        prefix=values.get("prefix", ""),
    )


def build(parts: KindParts) -> S3:
    return S3()
