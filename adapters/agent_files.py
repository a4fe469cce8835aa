"""A team's own agent files, as they go into an archive and come back out of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from core.errors import ToolFailed


def gather(folder: Path) -> dict[str, bytes]:
    """The Markdown files of this folder by name; none where there is no folder. Raises OSError."""
    if not folder.is_dir():
        return {}
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.md")) if path.is_file()}


def lay_down(folder: Path, files: Mapping[str, bytes]) -> int:
    """Write those that are not there, and count them. Raises ToolFailed where the folder takes none.

    One that is there is left as it is: somebody may have changed it since.
    """
    written = 0
    for name, content in files.items():
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with open(folder / name, "xb") as file:
                file.write(content)
        except FileExistsError:
            continue
        except OSError as error:
            raise ToolFailed(
                f"The agent's file {folder / name} can't be written ({error.strerror})."
            ) from error
        written += 1
    return written


def is_plain(name: str) -> bool:
    """Whether the name can only be that of a Markdown file in the folder itself."""
    return name.endswith(".md") and Path(name).name == name and "\\" not in name and not name.startswith(".")
