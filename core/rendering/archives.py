"""What is said about archives and where they lie."""

from __future__ import annotations

NONE_YET = "There are no backups yet; `flowmate backup` makes one."


def no_such_bucket(name: str) -> str:
    return (
        f"No bucket named {name} is connected in the terminal's workspace: connect it with "
        "`flowmate integrations connect s3`, or download the archive and name the file."
    )


def no_name(source: str) -> str:
    return f"There is no file named in {source}. `flowmate backups` shows what can be restored."


def no_such_file(name: str) -> str:
    return f"There is no file {name}. `flowmate backups` shows what can be restored."


def not_listed(reason: str) -> str:
    """That the bucket's part of a list is missing, and why."""
    return f"What is in the bucket can't be shown: {reason}"
