"""An AWS account on loopback: the emulator, and before it a server that answers what the emulator cannot.

That is CloudFormation's ListTypes, in the form of its query protocol, and refusals for chosen types.
"""

from __future__ import annotations

import contextlib
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from tests.store.ministack import CREDENTIALS

TYPES = {
    "FULLY_MUTABLE": ["AWS::S3::Bucket", "AWS::EC2::VPC", "AWS::ApiGateway::Resource", "Alexa::ASK::Skill"],
    "IMMUTABLE": ["AWS::SQS::Queue"],
}


class Account:
    """What the front server is to do; `refused` maps types to the error that listing them gives."""

    def __init__(self, emulator: str) -> None:
        self.emulator = emulator
        self.refused: dict[str, str] = {}
        self.unreadable: dict[str, str] = {}
        self.url = ""

    def create(self, type_name: str, properties: dict[str, Any]) -> None:
        """Put a resource into the account."""
        import boto3

        client = boto3.client(
            "cloudcontrol",
            endpoint_url=self.url,
            region_name="eu-west-1",
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        )
        client.create_resource(TypeName=type_name, DesiredState=json.dumps(properties))


def _types(provisioning: str) -> bytes:
    members = "".join(f"<member><TypeName>{name}</TypeName></member>" for name in TYPES[provisioning])
    return (
        '<ListTypesResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><ListTypesResult>'
        f"<TypeSummaries>{members}</TypeSummaries></ListTypesResult></ListTypesResponse>"
    ).encode()


@contextlib.contextmanager
def account(emulator: str) -> Iterator[Account]:
    """Serve an account in front of the emulator."""
    known = Account(emulator)

    class Front(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            action = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
            if b"Action=ListTypes" in body:
                self.answer(200, _types(parse_qs(body.decode())["ProvisioningType"][0]), "text/xml")
                return
            asked = json.loads(body) if action else {}
            errors = {"ListResources": known.refused, "GetResource": known.unreadable}.get(action, {})
            code = errors.get(asked.get("Identifier") or asked.get("TypeName", ""))
            if code:
                text = json.dumps({"__type": code, "message": f"no: {code}\x1b[31m"})
                self.answer(400, text.encode(), "application/x-amz-json-1.0")
                return
            headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
            request = urllib.request.Request(known.emulator + self.path, body, headers, method="POST")
            try:
                with urllib.request.urlopen(request) as reply:
                    self.answer(reply.status, reply.read(), reply.headers.get("Content-Type", ""))
            except urllib.error.HTTPError as error:
                self.answer(error.code, error.read(), error.headers.get("Content-Type", ""))

        def answer(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Front)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    known.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield known
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
