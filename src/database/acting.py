"""Who acts on the command line."""

from __future__ import annotations

import getpass


def acting_name() -> str:
    """Return the name of the operating system's user, or nothing where it has none (some containers)."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""
