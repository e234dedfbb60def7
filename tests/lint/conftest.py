"""Makes the lints of this folder importable, and this folder only."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
