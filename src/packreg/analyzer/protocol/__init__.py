"""The messages that packreg and a running policy pack exchange: requests as bytes, answers, property bags.

`analyzer_pb2` is generated from our own minimal `analyzer.proto`, by grpcio-tools 1.62.3 (protoc 25.1):

    python -m grpc_tools.protoc -Isrc --python_out=src --pyi_out=src \\
        src/packreg/analyzer/protocol/analyzer.proto

Why this generator: its code runs with every protobuf from 4.25 on. Newer generators write code that refuses
all older runtimes, and packreg shares its environment with whatever else is installed there. Why a proto file
of packreg's own: the stubs in the `pulumi` package take 0.5 s and 60 MB to import. Its protobuf package has
another name than Pulumi's, so that both can be loaded in one process. The generated code is in the
repository, so that installing needs no generator.

`struct` writes property bags without protobuf's Struct: each request is encoded once, as bytes, for all packs
that get it, and a bag that nobody reads is never decoded.
"""
