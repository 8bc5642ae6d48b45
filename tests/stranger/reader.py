"""Asks a server what it is told to ask, knowing nothing but the address.

Each line of standard input is a question: service, method and the request in the JSON of protobuf.
Each line of standard output is its answer in that JSON, or null where there is nothing.
"""

import json
import sys

import grpc
from google.protobuf import json_format

from stranger import Server


def answer(server, question):
    make = lambda message: json_format.ParseDict(question["request"], message())
    try:
        found = server.send(question["service"], question["method"], make)
    except grpc.RpcError as error:
        if error.code() != grpc.StatusCode.NOT_FOUND:
            raise
        return None
    return json_format.MessageToDict(
        found, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )


def main():
    server = Server(sys.argv[1], tenant=sys.argv[2])
    for line in sys.stdin:
        print(json.dumps(answer(server, json.loads(line)), ensure_ascii=False))


if __name__ == "__main__":
    main()
