"""Enhanced fan-out with boto3, over clear text and TLS."""

import pytest
from botocore.exceptions import EventStreamError

from leat import Server, create, data, eventually, iterator

SHARD = "shardId-000000000000"
TRIM_HORIZON = {"Type": "TRIM_HORIZON"}


@pytest.fixture(params=["http", "https"])
def connect(request, connect_securely):
    """Returns clients of a server over one of the schemes."""
    return connect_securely if request.param == "https" else Server.client


@pytest.fixture
def client(server, connect):
    return connect(server)


def register(client, name="c"):
    """Makes a stream of one shard with a consumer, and returns the consumer's ARN."""
    create(client, "s")
    stream = client.describe_stream_summary(StreamName="s")["StreamDescriptionSummary"]["StreamARN"]
    consumer = client.register_stream_consumer(StreamARN=stream, ConsumerName=name)["Consumer"]
    assert consumer["ConsumerStatus"] == "CREATING"
    description = client.describe_stream_consumer(ConsumerARN=consumer["ConsumerARN"])["ConsumerDescription"]
    assert description == {**consumer, "ConsumerStatus": "ACTIVE", "StreamARN": stream}
    return consumer["ConsumerARN"]


def subscribe(client, consumer, shard=SHARD, position=TRIM_HORIZON):
    """Begins a subscription and returns its events, as they come."""
    answer = client.subscribe_to_shard(ConsumerARN=consumer, ShardId=shard, StartingPosition=position)
    return (event["SubscribeToShardEvent"] for event in answer["EventStream"])


def take(events, count):
    """Takes events until they brought the number of records."""
    records = []

    def event():
        records.extend(next(events)["Records"])
        return len(records) >= count

    eventually(event)
    return records


def put(client, payload, hash_key="0"):
    return client.put_record(StreamName="s", PartitionKey="k", ExplicitHashKey=hash_key, Data=payload)


def test_records_are_pushed_and_a_split_leads_to_the_children(client):
    consumer = register(client)
    put(client, b"1")
    events = subscribe(client, consumer)
    assert data(take(events, 1)) == [b"1"]
    number = put(client, b"2")["SequenceNumber"]
    (record,) = take(events, 1)
    assert (record["SequenceNumber"], record["PartitionKey"]) == (number, "k")
    (read,) = client.get_records(ShardIterator=iterator(
        client, "s", SHARD, "AT_SEQUENCE_NUMBER", StartingSequenceNumber=number))["Records"]
    assert record["ApproximateArrivalTimestamp"] == read["ApproximateArrivalTimestamp"]

    client.split_shard(StreamName="s", ShardToSplit=SHARD, NewStartingHashKey=str(2**127))
    *_, last = events
    assert "ContinuationSequenceNumber" not in last
    assert [(c["ShardId"], c["ParentShards"]) for c in last["ChildShards"]] == [
        ("shardId-000000000001", [SHARD]), ("shardId-000000000002", [SHARD])]
    for child in last["ChildShards"]:
        key = child["HashKeyRange"]["StartingHashKey"]
        events = subscribe(client, consumer, child["ShardId"])
        put(client, key.encode(), key)
        assert data(take(events, 1)) == [key.encode()]


def test_a_subscription_ends_and_is_continued(serve, connect):
    client = connect(serve("--limits", "off", "--subscription-ttl", "1s"))
    consumer = register(client)
    put(client, b"1")
    first, *_ = subscribe(client, consumer)
    assert data(first["Records"]) == [b"1"]
    put(client, b"2")
    # Another consumer: the first one has to wait for five seconds.
    stream = consumer.partition("/consumer/")[0]
    other = client.register_stream_consumer(StreamARN=stream, ConsumerName="d")["Consumer"]["ConsumerARN"]
    events = subscribe(client, other, position={
        "Type": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": first["ContinuationSequenceNumber"]})
    assert data(take(events, 1)) == [b"2"]


def test_subscriptions_are_refused_with_their_types(client):
    consumer = register(client)
    events = subscribe(client, consumer)
    with pytest.raises(client.exceptions.ResourceInUseException):
        subscribe(client, consumer)
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        subscribe(client, consumer, "shardId-000000000009")
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        subscribe(client, consumer.replace("/c:", "/d:"))
    client.delete_stream(StreamName="s", EnforceConsumerDeletion=True)
    # botocore knows the exceptions of a stream of events by their codes only.
    with pytest.raises(EventStreamError) as ended:
        list(events)
    assert ended.value.response["Error"]["Code"] == "ResourceNotFoundException"
