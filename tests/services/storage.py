"""An S3-compatible store: moto's server over real HTTP, which checks every request's signature."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

EVERYTHING = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'
READING = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}]}'


@dataclass(frozen=True)
class Storage:
    """Where it is, and the keys of two users: one that may do everything, and one that may only list."""

    url: str
    access_key: str
    secret_key: str
    reader_access_key: str
    reader_secret_key: str
    client: Any
    """boto3's, for looking at what is there."""

    def fields(self, bucket: str, **changes: str) -> dict[str, str]:
        """What an s3 integration is connected with."""
        own = {"access_key": self.access_key, "secret_key": self.secret_key}
        return {"bucket": bucket, "url": self.url, **own, **changes}

    def make(self, bucket: str) -> str:
        self.client.create_bucket(Bucket=bucket)
        return bucket

    def objects(self, bucket: str) -> dict[str, bytes]:
        """All that a bucket holds."""
        found = self.client.list_objects_v2(Bucket=bucket).get("Contents", [])
        return {
            one["Key"]: self.client.get_object(Bucket=bucket, Key=one["Key"])["Body"].read() for one in found
        }


@pytest.fixture(scope="session")
def storage() -> Iterator[Storage]:
    """One for the whole session; tests make buckets of their own."""
    # Imported here: they take a second, and few tests want them.
    import boto3
    import moto.settings
    from moto.core.authorization import ActionAuthenticatorMixin
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"

    def client(service: str, access_key: str = "invented", secret_key: str = "invented") -> Any:
        return boto3.client(
            service,
            endpoint_url=url,
            region_name="us-east-1",
            aws_access_key_id=access_key,
            aws_secret_access_key=secret_key,
        )

    def user(name: str, policy: str) -> tuple[str, str]:
        iam.create_user(UserName=name)
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=policy)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return key["AccessKeyId"], key["SecretAccessKey"]

    iam = client("iam")
    keys, reader = user("writer", EVERYTHING), user("reader", READING)
    # From here on, every request is authenticated and authorised.
    moto.settings.INITIAL_NO_AUTH_ACTION_COUNT = 0.0
    ActionAuthenticatorMixin.request_count = 0
    try:
        yield Storage(url, *keys, *reader, client("s3", *keys))
    finally:
        moto.settings.INITIAL_NO_AUTH_ACTION_COUNT = float("inf")
        server.stop()
