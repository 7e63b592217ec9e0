"""Keep user names and passwords in addresses out of everything that people read."""

import re

# Up to the last @ before the path. A colon with no port after it begins a password, even one with an unescaped "/".
_IN_ADDRESS = re.compile(r"(?<=://)(?:[^\s/]*@|[^\s/@:\[]*:(?!\d+[/?#\s])\S*@)")


def without_credentials(text: str) -> str:
    """Remove user names and passwords from all addresses in a text: `https://host/x` from `https://user:p@ss@host/x`."""
    return _IN_ADDRESS.sub("", text)
