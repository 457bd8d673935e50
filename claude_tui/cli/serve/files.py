"""How the server writes its own small files: whole, for their owner alone, and through nobody's link."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def replace(path: Path, data: bytes) -> None:
    """Write a file that appears under its name when it is whole, with mode 0600. Raises OSError.

    A link of that name is replaced, never followed.
    """
    # Created under a name nobody can foresee and only if there is nothing of that name, not even a link.
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
