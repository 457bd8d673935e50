"""The hashes we use, without OpenSSL: loading its library takes longer than a warm start has for all its hashes.

`hashlib` gives the same functions from the same modules when Python is built without OpenSSL. Must not know what is
hashed, nor be used where much is: OpenSSL's SHA-256 is several times as fast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = ["blake2b", "sha256"]

if TYPE_CHECKING:
    from hashlib import blake2b, sha256
else:
    try:
        from _blake2 import blake2b
    except ImportError:
        from hashlib import blake2b
    try:
        from _sha2 import sha256  # Python 3.12 and later
    except ImportError:
        try:
            from _sha256 import sha256
        except ImportError:
            from hashlib import sha256
