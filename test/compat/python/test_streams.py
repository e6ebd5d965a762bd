"""Streams, tags, retention, waiters, paginators and error texts with boto3."""

import pytest
from botocore.exceptions import ClientError

from leat import create

QUICK = {"Delay": 0.2, "MaxAttempts": 150}


def refusal(call, **arguments):
    """Returns the code, status and text with which a call is refused."""
    with pytest.raises(ClientError) as refused:
        call(**arguments)
    answer = refused.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Message"]


def test_create_describe_delete(client):
    client.create_stream(StreamName="s")
    description = client.describe_stream(StreamName="s")["StreamDescription"]
    assert description["StreamStatus"] == "ACTIVE"
    assert description["StreamARN"] == "arn:aws:kinesis:us-east-1:000000000000:stream/s"
    assert description["StreamModeDetails"] == {"StreamMode": "PROVISIONED"}
    assert description["RetentionPeriodHours"] == 24
    assert description["EncryptionType"] == "NONE"
    assert description["EnhancedMonitoring"] == [{"ShardLevelMetrics": []}]
    assert len(description["Shards"]) == 4
    assert "KeyId" not in description
    summary = client.describe_stream_summary(StreamName="s")["StreamDescriptionSummary"]
    assert (summary["OpenShardCount"], summary["ConsumerCount"]) == (4, 0)
    assert summary["StreamCreationTimestamp"] == description["StreamCreationTimestamp"]

    client.delete_stream(StreamName="s")
    assert refusal(client.describe_stream, StreamName="s") == (
        "ResourceNotFoundException", 400, "Stream s under account 000000000000 not found.")


def test_waiters_see_transitions(serve):
    client = serve("--limits", "off", "--transition-delay", "500ms").client()
    client.create_stream(StreamName="s", ShardCount=1)
    summary = client.describe_stream_summary(StreamName="s")["StreamDescriptionSummary"]
    assert summary["StreamStatus"] == "CREATING"
    client.get_waiter("stream_exists").wait(StreamName="s", WaiterConfig=QUICK)
    client.delete_stream(StreamName="s")
    summary = client.describe_stream_summary(StreamName="s")["StreamDescriptionSummary"]
    assert summary["StreamStatus"] == "DELETING"
    client.get_waiter("stream_not_exists").wait(StreamName="s", WaiterConfig=QUICK)
    assert client.list_streams()["StreamNames"] == []


def test_paginators(client):
    names = [f"s{i}" for i in range(5)]
    for name in names:
        client.create_stream(StreamName=name, ShardCount=1)
    client.create_stream(StreamName="wide", ShardCount=7)

    pages = list(client.get_paginator("list_streams").paginate(PaginationConfig={"PageSize": 2}))
    assert [p["StreamNames"] for p in pages] == [["s0", "s1"], ["s2", "s3"], ["s4", "wide"]]
    assert all(len(p["StreamSummaries"]) == 2 for p in pages)

    pages = list(client.get_paginator("describe_stream").paginate(
        StreamName="wide", PaginationConfig={"PageSize": 3}))
    ids = [[s["ShardId"] for s in p["StreamDescription"]["Shards"]] for p in pages]
    assert sum(ids, []) == [f"shardId-{i:012d}" for i in range(7)]
    assert [len(page) for page in ids] == [3, 3, 1]


def test_pages_of_shards(client):
    create(client, "wide", shards=7)
    ids, request = [], {"StreamName": "wide"}
    for size in (3, 3, 1):
        page = client.list_shards(MaxResults=3, **request)
        assert len(page["Shards"]) == size
        ids += [s["ShardId"] for s in page["Shards"]]
        request = {"NextToken": page.get("NextToken")}
    assert request == {"NextToken": None}
    assert ids == [f"shardId-{i:012d}" for i in range(7)]


def test_paginator_of_list_shards_fails_at_its_second_page_as_on_aws(client):
    # botocore sends the name beside the token, which AWS refuses.
    create(client, "wide", shards=7)
    paginator = client.get_paginator("list_shards")
    (page,) = paginator.paginate(StreamName="wide")
    assert len(page["Shards"]) == 7
    pages = paginator.paginate(StreamName="wide", PaginationConfig={"PageSize": 3})
    assert refusal(lambda: list(pages)) == (
        "InvalidArgumentException", 400, "NextToken and StreamName cannot be provided together.")


def test_list_shards_filters(client):
    create(client, "s", shards=2)
    client.merge_shards(StreamName="s", ShardToMerge="shardId-000000000000",
                        AdjacentShardToMerge="shardId-000000000001")

    def ids(**shard_filter):
        shards = client.list_shards(StreamName="s", ShardFilter=shard_filter)["Shards"]
        return [int(s["ShardId"].split("-")[1]) for s in shards]

    assert ids(Type="AT_LATEST") == [2]
    assert ids(Type="FROM_TRIM_HORIZON") == [0, 1, 2]
    assert ids(Type="AT_TRIM_HORIZON") == [0, 1]
    assert ids(Type="AFTER_SHARD_ID", ShardId="shardId-000000000000") == [1, 2]


def test_tags(client):
    create(client, "s")
    client.add_tags_to_stream(StreamName="s", Tags={"b": "2", "a": "1", "c": ""})
    client.add_tags_to_stream(StreamName="s", Tags={"b": "3"})
    client.remove_tags_from_stream(StreamName="s", TagKeys=["c", "unknown"])
    answer = client.list_tags_for_stream(StreamName="s")
    assert answer["Tags"] == [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "3"}]
    assert answer["HasMoreTags"] is False
    answer = client.list_tags_for_stream(StreamName="s", Limit=1)
    assert (answer["Tags"], answer["HasMoreTags"]) == ([{"Key": "a", "Value": "1"}], True)
    answer = client.list_tags_for_stream(StreamName="s", ExclusiveStartTagKey="a")
    assert answer["Tags"] == [{"Key": "b", "Value": "3"}]
    assert refusal(client.add_tags_to_stream, StreamName="s", Tags={"a;b": "x"}) == (
        "InvalidArgumentException", 400,
        "Some tags contain invalid characters. Valid characters: "
        "Unicode letters, digits, white space, _ . / = + - % @.")


def test_retention(client):
    create(client, "s")

    def hours():
        return client.describe_stream_summary(StreamName="s")["StreamDescriptionSummary"]["RetentionPeriodHours"]

    client.increase_stream_retention_period(StreamName="s", RetentionPeriodHours=8760)
    assert hours() == 8760
    client.decrease_stream_retention_period(StreamName="s", RetentionPeriodHours=48)
    assert hours() == 48
    client.increase_stream_retention_period(StreamName="s", RetentionPeriodHours=48)
    assert refusal(client.increase_stream_retention_period, StreamName="s", RetentionPeriodHours=8761) == (
        "InvalidArgumentException", 400, "Maximum allowed retention period is 8760 hours. "
        "Requested retention period (8761 hours) is too long.")
    assert refusal(client.decrease_stream_retention_period, StreamName="s", RetentionPeriodHours=72) == (
        "InvalidArgumentException", 400,
        "Requested retention period (72 hours) for stream s can not be longer than existing "
        "retention period (48 hours). Use IncreaseRetentionPeriod API.")


def test_accounts_and_regions_are_apart(server):
    here = server.client()
    create(here, "s")
    assert server.client(region="eu-west-1").list_streams()["StreamNames"] == []
    other = server.client(key_id="123456789012")
    assert other.list_streams()["StreamNames"] == []
    create(other, "s")
    arn = other.describe_stream_summary(StreamName="s")["StreamDescriptionSummary"]["StreamARN"]
    assert arn == "arn:aws:kinesis:us-east-1:123456789012:stream/s"


def test_streams_from_the_command_line(serve):
    server = serve("--limits", "off", "--stream", "orders:3", "--stream", "audit:1:eu-west-1")
    assert len(server.client().list_shards(StreamName="orders")["Shards"]) == 3
    assert server.client(region="eu-west-1").list_streams()["StreamNames"] == ["audit"]


def test_describe_limits(client):
    create(client, "s", shards=3)
    limits = client.describe_limits()
    assert (limits["ShardLimit"], limits["OpenShardCount"]) == (20000, 3)
    assert limits["OnDemandStreamCount"] == 0


def test_shard_quota(serve):
    client = serve("--shard-quota", "3").client()
    create(client, "s", shards=2)
    code, status, text = refusal(client.create_stream, StreamName="t", ShardCount=2)
    assert (code, status) == ("LimitExceededException", 400)
    assert text.startswith(
        "This request would exceed the shard limit for the account 000000000000 in us-east-1. "
        "Current shard count for the account: 2. Limit: 3. "
        "Number of additional shards that would have resulted from this request: 2.")


def test_existing_stream_is_refused(client):
    create(client, "s")
    assert refusal(client.create_stream, StreamName="s", ShardCount=1) == (
        "ResourceInUseException", 400, "Stream s under account 000000000000 already exists.")


@pytest.mark.parametrize("operation, arguments, text", [
    ("create_stream", {"StreamName": "s", "ShardCount": 0},
     "1 validation error detected: Value '0' at 'shardCount' failed to satisfy constraint: "
     "Member must have value greater than or equal to 1"),
    ("describe_stream", {"StreamName": "not a name"},
     "1 validation error detected: Value 'not a name' at 'streamName' failed to satisfy constraint: "
     "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"),
    ("get_shard_iterator", {"StreamName": "s", "ShardIteratorType": "LATEST"},
     "1 validation error detected: Value null at 'shardId' failed to satisfy constraint: "
     "Member must not be null"),
    ("get_shard_iterator", {"StreamName": "s", "ShardId": "0", "ShardIteratorType": "OLDEST"},
     "1 validation error detected: Value 'OLDEST' at 'shardIteratorType' failed to satisfy constraint: "
     "Member must satisfy enum value set: "
     "[AFTER_SEQUENCE_NUMBER, LATEST, AT_TIMESTAMP, AT_SEQUENCE_NUMBER, TRIM_HORIZON]"),
    ("put_record", {"StreamName": "s", "Data": b"x", "PartitionKey": "k" * 257},
     f"1 validation error detected: Value '{'k' * 257}' at 'partitionKey' failed to satisfy constraint: "
     "Member must have length less than or equal to 256"),
])
def test_validation_texts(server, operation, arguments, text):
    client = server.client(validate=False)
    create(client, "s")
    assert refusal(getattr(client, operation), **arguments) == ("ValidationException", 400, text)


def test_unknown_shard_and_bad_iterator(client):
    create(client, "s")
    assert refusal(client.get_shard_iterator, StreamName="s", ShardId="shardId-000000000009",
                   ShardIteratorType="LATEST") == (
        "ResourceNotFoundException", 400,
        "Shard shardId-000000000009 in stream s under account 000000000000 does not exist")
    assert refusal(client.get_records, ShardIterator="nonsense") == (
        "InvalidArgumentException", 400, "Invalid ShardIterator.")
