"""Talks to a server with nothing but an address: no generated code, no files of the project.

Services and messages are found by server reflection. The stranger defines a pipeline, opens, moves
and wins a deal, reads it as of before and after, and takes an error apart.
"""

import sys

import grpc
from google.protobuf import descriptor_pool, message_factory, timestamp_pb2
from google.rpc import error_details_pb2
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)
from grpc_status import rpc_status

DEALS = "revops.opportunities.v1.OpportunityService"
CATALOG = "revops.planning.v1.PlanningService"
OPEN, WON = 1, 2
PIPELINE, CLOSED = 2, 5


class Server:
    """A server known by its address alone."""

    def __init__(self, address, tenant):
        self.tenant = tenant
        self.channel = grpc.insecure_channel(address)
        self.database = ProtoReflectionDescriptorDatabase(self.channel)
        self.pool = descriptor_pool.DescriptorPool(self.database)

    def services(self):
        return set(self.database.get_services())

    def call(self, service, method, **fields):
        """Calls a method with a message made of plain values; gives the answer's message."""
        return self.send(service, method, lambda message: message(**fields))

    def send(self, service, method, make):
        """Calls a method with what `make` makes of its message's class."""
        found = self.pool.FindServiceByName(service).FindMethodByName(method)
        request = make(message_factory.GetMessageClass(found.input_type))
        answer = message_factory.GetMessageClass(found.output_type)
        stub = self.channel.unary_unary(
            f"/{service}/{method}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=answer.FromString,
        )
        metadata = [("revops-tenant", self.tenant), ("revops-actor", "python")]
        return stub(request, metadata=metadata, timeout=30)


def instant(text):
    at = timestamp_pb2.Timestamp()
    at.FromJsonString(text)
    return {"seconds": at.seconds, "nanos": at.nanos}


def same(found, expected, what):
    if found != expected:
        sys.exit(f"{what}: {found!r} instead of {expected!r}")


def define(server):
    stages = [
        {"key": "new", "name": "New", "order": 1, "category": PIPELINE, "outcome": OPEN},
        {"key": "offer", "name": "Offer", "order": 2, "category": PIPELINE, "outcome": OPEN},
        {"key": "won", "name": "Won", "order": 3, "category": CLOSED, "outcome": WON},
    ]
    definition = {"name": "Sales", "stages": stages}
    server.call(CATALOG, "DefinePipeline", key="sales", definition=definition)


def work_a_deal(server):
    euros = lambda units: {"currency_code": "EUR", "units": units}
    opened = server.call(
        DEALS,
        "OpenOpportunity",
        pipeline="sales",
        name="A deal of a stranger",
        amount=euros(1200),
        occurred_at=instant("2026-01-10T09:00:00Z"),
    )
    deal = opened.opportunity_id
    moved = server.call(
        DEALS,
        "ChangeOpportunityStage",
        opportunity_id=deal,
        stage="offer",
        etag=opened.recorded.etag,
        occurred_at=instant("2026-01-20T09:00:00Z"),
    )
    server.call(
        DEALS,
        "WinOpportunity",
        opportunity_id=deal,
        amount=euros(1100),
        etag=moved.recorded.etag,
        occurred_at=instant("2026-01-30T09:00:00Z"),
    )
    return deal


def read_before_and_after(server, deal):
    for as_of, stage, outcome, units in [
        ("2026-01-20T09:00:00Z", "new", OPEN, 1200),
        ("2026-01-20T09:00:00.000001Z", "offer", OPEN, 1200),
        ("2026-01-30T09:00:00Z", "offer", OPEN, 1200),
        ("2026-01-31T00:00:00Z", "offer", WON, 1100),
    ]:
        read_at = {"as_of": instant(as_of)}
        answer = server.call(DEALS, "GetOpportunity", opportunity_id=deal, read_at=read_at)
        seen = answer.opportunity
        found = (seen.stage.key, seen.outcome, seen.amount.units)
        same(found, (stage, outcome, units), f"the deal as of {as_of}")
        same(answer.reflected.as_of.ToJsonString(), as_of, "as of")
    try:
        read_at = {"as_of": instant("2026-01-10T09:00:00Z")}
        server.call(DEALS, "GetOpportunity", opportunity_id=deal, read_at=read_at)
    except grpc.RpcError as error:
        same(error.code(), grpc.StatusCode.NOT_FOUND, "a deal before it was opened")
    else:
        sys.exit("a deal was there before it was opened")


def take_an_error_apart(server):
    try:
        amount = {"currency_code": "EUR", "units": -5}
        server.call(DEALS, "OpenOpportunity", pipeline="sales", amount=amount)
    except grpc.RpcError as error:
        same(error.code(), grpc.StatusCode.INVALID_ARGUMENT, "code of a negative amount")
        status = rpc_status.from_call(error)
    else:
        sys.exit("a negative amount was taken")
    details = {}
    for kind in (error_details_pb2.ErrorInfo, error_details_pb2.BadRequest):
        found = [detail for detail in status.details if detail.Is(kind.DESCRIPTOR)]
        same(len(found), 1, f"how many {kind.DESCRIPTOR.name}")
        details[kind] = kind()
        found[0].Unpack(details[kind])
    info = details[error_details_pb2.ErrorInfo]
    same((info.reason, info.domain), ("NEGATIVE_AMOUNT", "revops"), "reason and domain")
    violations = details[error_details_pb2.BadRequest].field_violations
    same([violation.field for violation in violations], ["amount"], "field at fault")


def main():
    server = Server(sys.argv[1], tenant="stranger")
    missing = {DEALS, CATALOG, "grpc.health.v1.Health"} - server.services()
    same(missing, set(), "services that reflection does not name")
    define(server)
    deal = work_a_deal(server)
    read_before_and_after(server, deal)
    take_an_error_apart(server)
    print(f"a stranger opened, moved and won the deal {deal}")


if __name__ == "__main__":
    main()
