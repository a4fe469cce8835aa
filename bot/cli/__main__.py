"""`flowmate` by its path: works wherever the package lies, and never imports from the working directory."""

import sys
from pathlib import Path

ROOT = str(Path(__file__).resolve().parents[2])
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

from bot.cli import main  # noqa: E402 - it is found only now

if __name__ == "__main__":
    main()
