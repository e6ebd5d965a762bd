"""TLS, on the port of clear text, with the server's own authority."""

import pytest
from botocore.exceptions import SSLError

from leat import create, data, iterator, read_until

SHARD = "shardId-000000000000"


def test_a_record_is_read_back(server, connect_securely):
    client = connect_securely(server)
    create(client, "s")
    client.put_record(StreamName="s", PartitionKey="k", Data=b"x" * 1_000_000)
    assert data(read_until(client, iterator(client, "s", SHARD), 1)) == [b"x" * 1_000_000]


def test_the_authority_survives_a_restart(server, connect_securely):
    before = server.authority()
    server.stop()
    server.restart()
    assert server.authority() == before
    assert connect_securely(server).list_streams()["StreamNames"] == []


def test_without_trust_nothing_is_sent(server, monkeypatch):
    monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)
    with pytest.raises(SSLError):
        server.client(secure=True).list_streams()


def test_another_servers_authority_is_not_trusted(serve, connect_securely):
    connect_securely(serve())
    with pytest.raises(SSLError):
        serve().client(secure=True).list_streams()
