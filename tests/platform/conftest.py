"""Makes the modules of this folder importable, and this folder only.

tests/ itself must stay off sys.path: there, the folder's name would hide the standard library's
`platform`.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
