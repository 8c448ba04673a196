"""Where the checkout lies that is being tested."""

from pathlib import Path
from typing import Final

CHECKOUT: Final = Path(__file__).resolve().parent.parent
SAMPLES: Final = CHECKOUT / "samples"
