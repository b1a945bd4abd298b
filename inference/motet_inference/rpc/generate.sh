#!/usr/bin/env bash
# Rewrites worker_pb2*.py from worker.proto. Stubs must come from the oldest supported tools
# (grpcio-tools 1.76.0 with protobuf 6.33.6): generated code refuses runtimes older than itself.
set -euo pipefail
cd "$(dirname "$0")/../.."
python -m grpc_tools.protoc -I. --python_out=. --pyi_out=. --grpc_python_out=. motet_inference/rpc/worker.proto
