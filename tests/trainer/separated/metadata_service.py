"""The metadata service of an EC2 machine, with version 2 required, and the ECS agent's introspection. Runs as root.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
"""

import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

TOKEN = "a-session-of-the-metadata-service"
SECRET = "the-secret-of-the-machines-role"
ANSWERS = {
    "/latest/meta-data/instance-id": "i-0abc",
    "/latest/meta-data/instance-type": "g4dn.xlarge",
    "/latest/meta-data/iam/security-credentials/machine": SECRET,
    "/v1/tasks": SECRET,
}


class Handler(BaseHTTPRequestHandler):
    def do_PUT(self) -> None:
        self._send(200, TOKEN)

    def do_GET(self) -> None:
        known = self.headers.get("X-aws-ec2-metadata-token") == TOKEN or self.path.startswith("/v1/")
        answer = ANSWERS.get(self.path)
        self._send(401 if not known else 404 if answer is None else 200, answer if known and answer else "")

    def _send(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        """Log nothing."""


class OverSix(ThreadingHTTPServer):
    address_family = socket.AF_INET6


if __name__ == "__main__":
    servers = [
        ThreadingHTTPServer(("169.254.169.254", 80), Handler),
        OverSix(("fd00:ec2::254", 80), Handler),
        ThreadingHTTPServer(("127.0.0.1", 51678), Handler),
    ]
    threads = [threading.Thread(target=each.serve_forever) for each in servers]
    for each in threads:
        each.start()
    Path(sys.argv[1]).touch()
