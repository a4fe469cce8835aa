"""Each peer's own environment, under build/peers/, made when it is first needed and whenever its versions change.

Their versions stand in requirements.txt and package-lock.json beside the programs, without addresses; made with
`uv pip compile --universal --python-version 3.11 --no-emit-index-url --no-header --no-annotate` from requirements.in
and with `npm install --package-lock-only --omit-lockfile-registry-resolved` from package.json.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from benchmarks.peers.roster import Peer

ROOT = Path(__file__).parents[2]
PROGRAMS = ROOT / "benchmarks" / "peers"
MADE = ROOT / "build" / "peers"
INSTALL_SECONDS = 600


class CannotRun(Exception):
    """Why a peer can't be measured here, in one line."""


def command(peer: Peer) -> tuple[list[str], Path]:
    """How its program is started, and in which folder. Raises CannotRun where its environment can't be made."""
    if peer.kind == "flowmate":
        return [sys.executable, "-m", "benchmarks.peers.flowmate"], ROOT
    folder = PROGRAMS / peer.folder
    if peer.kind == "node":
        return _node(folder, MADE / peer.folder)
    return [str(_python(folder, MADE / peer.folder)), "program.py"], folder


def _python(program: Path, made: Path) -> Path:
    wanted = (program / "requirements.txt").read_text()
    interpreter = made / "venv" / "bin" / "python"
    if not _is_current(made, wanted):
        shutil.rmtree(made, ignore_errors=True)
        _install([sys.executable, "-m", "venv", str(made / "venv")], made)
        _install_into(interpreter, program / "requirements.txt", made)
        (made / "installed").write_text(wanted)
    return interpreter


def _install_into(interpreter: Path, requirements: Path, made: Path) -> None:
    """uv takes a fraction of pip's time; where it can't install, for it knows nothing of pip's settings, pip does."""
    uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    if uv is not None:
        with suppress(CannotRun):
            _install(
                [uv, "pip", "install", "-q", "--python", str(interpreter), "-r", str(requirements)], made
            )
            return
    _install([str(interpreter), "-m", "pip", "install", "-q", "-r", str(requirements)], made)


def _node(program: Path, made: Path) -> tuple[list[str], Path]:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise CannotRun("node and npm are not installed")
    wanted = (program / "package-lock.json").read_text()
    if not _is_current(made, wanted):
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir(parents=True)
        shutil.copy(program / "package.json", made)
        shutil.copy(program / "package-lock.json", made)
        _install([npm, "ci", "--no-fund", "--no-audit", "--silent"], made)
        (made / "installed").write_text(wanted)
    # Beside its libraries: that is where node looks for them.
    shutil.copy(program / "program.js", made)
    return [node, "program.js"], made


def _is_current(made: Path, wanted: str) -> bool:
    installed = made / "installed"
    return installed.exists() and installed.read_text() == wanted


def _install(arguments: list[str], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    try:
        done = subprocess.run(
            arguments, cwd=folder, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotRun(f"its environment can't be made ({type(error).__name__})") from error
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise CannotRun(f"its environment can't be made: {last}")
