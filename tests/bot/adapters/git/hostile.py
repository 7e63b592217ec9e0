"""Servers that send whatever they like: git's protocol v2 over HTTP, as far as a client needs it before it trusts.

https://git-scm.com/docs/gitprotocol-v2, https://git-scm.com/docs/gitprotocol-http, https://git-scm.com/docs/gitformat-pack
"""

import asyncio
import os
import zlib
from collections.abc import AsyncIterator, Callable, Iterator

from aiohttp import web

SHA = "12" * 20
_CAPABILITIES = (b"version 2\n", b"agent=hostile\n", b"ls-refs\n", b"fetch=shallow filter\n", b"object-format=sha1\n")
FLUSH = b"0000"
MOST = 1024**3
"""Bytes that "endless" stands for, so that a test that fails doesn't fill a disk."""


def packet(content: bytes) -> bytes:
    return b"%04x" % (len(content) + 4) + content


def one_branch() -> Iterator[bytes]:
    yield packet(f"{SHA} refs/heads/main\n".encode()) + FLUSH


def endless_branches() -> Iterator[bytes]:
    number = 0
    while True:
        lines = (f"{SHA} refs/heads/branch-{number + at:012}\n".encode() for at in range(1000))
        yield b"".join(packet(line) for line in lines)
        number += 1000


def endless_pack() -> Iterator[bytes]:
    """One file of any number of bytes that can't be compressed."""
    yield packet(b"packfile\n")
    size = bytes([0b10110000, *[0xFF] * 6, 0x7F])  # a blob, and a length that never ends
    header = b"PACK" + (2).to_bytes(4, "big") + (1).to_bytes(4, "big")
    packing = zlib.compressobj(level=0)
    yield packet(b"\x01" + header + size)
    while True:
        made = packing.compress(os.urandom(512 * 1024))
        yield b"".join(packet(b"\x01" + made[at : at + 60_000]) for at in range(0, len(made), 60_000))


def endless_remarks() -> Iterator[bytes]:
    """Lines for people, on side band 2."""
    yield packet(b"packfile\n")
    while True:
        yield packet(b"\x02" + b"x" * 1000 + b"\n") * 500


class Hostile:
    """`answer` of a Vendor. Counts what it has sent."""

    def __init__(
        self, branches: Callable[[], Iterator[bytes]] = one_branch, pack: Callable[[], Iterator[bytes]] = endless_pack
    ) -> None:
        self._branches, self._pack = branches, pack
        self.sent = 0

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.method == "GET":
            words = packet(b"# service=git-upload-pack\n") + FLUSH
            words += b"".join(packet(line) for line in _CAPABILITIES) + FLUSH
            return web.Response(body=words, content_type="application/x-git-upload-pack-advertisement")
        pieces = self._branches() if b"command=ls-refs" in await request.read() else self._pack()
        return await self._stream(request, pieces)

    async def _stream(self, request: web.Request, pieces: Iterator[bytes]) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/x-git-upload-pack-result"})
        await response.prepare(request)
        try:
            async for piece in _each(pieces):
                await response.write(piece)
                self.sent += len(piece)
                await asyncio.sleep(0)
                if self.sent > MOST:
                    return response
            await response.write_eof()
        except ConnectionError:
            pass  # the client has had enough
        return response


async def _each(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece
