"""Where what is made once is kept: converted graphs, and which runtime is fastest here."""

import os
from pathlib import Path

VARIABLE = "SRS_MONAI_CACHE"


def cache_folder() -> Path:
    """The folder that the variable SRS_MONAI_CACHE names, else srs_monai in the user's cache; it may not be there."""
    given = os.environ.get(VARIABLE)
    if given:
        return Path(given).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()) / "srs_monai"
