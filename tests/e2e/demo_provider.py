"""A Pulumi provider of one resource, `demo:index:Bucket`, that keeps nothing anywhere.

Run as a program it serves `pulumirpc.ResourceProvider` on a free port of the loopback interface and prints
the port, as the Pulumi CLI expects of `pulumi-resource-demo`. Inputs become outputs, every change is an
update. What the cloud would say of a bucket is what the state says, but for the properties in the variable
DEMO_CLOUD, a JSON object.
"""

from __future__ import annotations

import json
import os
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

VERSION = "1.0.0"
PROPERTIES = {
    "acl": {"type": "string"},
    "owner": {"type": "string"},
    "bucketName": {"type": "string"},
    "retentionDays": {"type": "integer"},
}
SCHEMA = {
    "name": "demo",
    "version": VERSION,
    "resources": {"demo:index:Bucket": {"inputProperties": PROPERTIES, "properties": PROPERTIES}},
}


class DemoProvider(provider_pb2_grpc.ResourceProviderServicer):
    """Answers what preview, up, refresh, import and destroy ask of a provider."""

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Accept the engine as it is."""
        return provider_pb2.ProviderHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Say which version this is."""
        return plugin_pb2.PluginInfo(version=VERSION)

    def GetSchema(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Describe the one resource."""
        return provider_pb2.GetSchemaResponse(schema=json.dumps(SCHEMA))

    def CheckConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Take the configuration as it comes."""
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        """A changed configuration changes nothing."""
        return provider_pb2.DiffResponse()

    def Configure(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Take part in previews, so that a program's outputs are known in them."""
        return provider_pb2.ConfigureResponse(supportsPreview=True)

    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Take the inputs as they come."""
        return provider_pb2.CheckResponse(inputs=request.news)

    def Diff(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Report a change where the inputs differ."""
        changed = request.news != request.olds
        kind = provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(changes=kind)

    def Create(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Invent an id; the outputs are the inputs."""
        return provider_pb2.CreateResponse(
            id="" if request.preview else uuid.uuid4().hex, properties=request.properties
        )

    def Update(self, request: Any, context: grpc.ServicerContext) -> Any:
        """The outputs are the new inputs."""
        return provider_pb2.UpdateResponse(properties=request.news)

    def Read(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Give what the state has, which is nothing for an import, changed by what is in the cloud."""
        found = Struct()
        found.CopyFrom(request.properties)
        found.update(json.loads(os.environ.get("DEMO_CLOUD", "{}")))
        return provider_pb2.ReadResponse(id=request.id, properties=found, inputs=found)

    def Delete(self, request: Any, context: grpc.ServicerContext) -> Any:
        """There is nothing to delete."""
        return Empty()


def main() -> None:
    """Serve until the engine ends the process."""
    server = grpc.server(ThreadPoolExecutor(max_workers=4))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(DemoProvider(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    server.wait_for_termination()


if __name__ == "__main__":
    main()
