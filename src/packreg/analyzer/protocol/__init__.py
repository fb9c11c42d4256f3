"""The words that packreg and a running policy pack exchange: messages, requests as bytes, property bags.

`analyzer_pb2` is generated from our own minimal `analyzer.proto`, by grpcio-tools 1.62.3 (protoc 25.1):

    python -m grpc_tools.protoc -Isrc --python_out=src --pyi_out=src \\
        src/packreg/analyzer/protocol/analyzer.proto

That generator, because its code runs with every protobuf from 4.25 on: newer ones write code that refuses
all older runtimes, and packreg shares its environment with whatever else is installed there. Our own file,
because the stubs in the `pulumi` package take 0.5 s and 60 MB to import; its protobuf package is ours, so
that both can be loaded in one process. The generated code is kept, so that installing needs no generator.

Property bags are written by `struct` rather than through protobuf's Struct: a request is made once, as bytes,
for all packs that it goes to, and a bag that no one looks at is never taken apart.
"""
