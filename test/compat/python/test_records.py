"""Putting and getting records with boto3."""

import datetime

import pytest

from leat import create, data, iterator, read_until

SHARD = "shardId-000000000000"


def put_all(client, stream, payloads):
    return [client.put_record(StreamName=stream, PartitionKey="k", Data=p) for p in payloads]


def test_put_record_is_read_back(client):
    stream = create(client, "s")
    every_byte = bytes(range(256))
    put = client.put_record(StreamName=stream, PartitionKey="schlüssel", Data=every_byte)
    assert put["ShardId"] == SHARD
    assert "EncryptionType" not in put

    answer = client.get_records(ShardIterator=iterator(client, stream, SHARD))
    (record,) = answer["Records"]
    assert record["Data"] == every_byte
    assert record["PartitionKey"] == "schlüssel"
    assert record["SequenceNumber"] == put["SequenceNumber"]
    assert "EncryptionType" not in record
    age = datetime.datetime.now(datetime.timezone.utc) - record["ApproximateArrivalTimestamp"]
    assert abs(age) < datetime.timedelta(minutes=1)
    assert answer["MillisBehindLatest"] == 0
    assert "ChildShards" not in answer


def test_empty_payload(client):
    stream = create(client, "s")
    put_all(client, stream, [b""])
    assert data(read_until(client, iterator(client, stream, SHARD), 1)) == [b""]


def test_put_records_keeps_order_and_routes_by_key(client):
    stream = create(client, "s", shards=3)
    entries = [{"PartitionKey": key, "Data": f"{key}{i}".encode()}
               for i in range(166) for key in ("a", "b", "e")]
    answer = client.put_records(StreamName=stream, Records=entries)
    assert answer["FailedRecordCount"] == 0
    assert len(answer["Records"]) == len(entries)

    # The hash keys of a, b and e are in the ranges of shards 0, 1 and 2.
    for shard, key in enumerate("abe"):
        shard_id = f"shardId-{shard:012d}"
        mine = [r for r in answer["Records"] if r["ShardId"] == shard_id]
        numbers = [int(r["SequenceNumber"]) for r in mine]
        assert numbers == sorted(numbers)
        records = read_until(client, iterator(client, stream, shard_id), 166)
        assert data(records) == [f"{key}{i}".encode() for i in range(166)]
        assert [r["SequenceNumber"] for r in records] == [r["SequenceNumber"] for r in mine]


def test_explicit_hash_key_overrides_the_partition_key(client):
    stream = create(client, "s", shards=3)
    put = client.put_record(StreamName=stream, PartitionKey="a", Data=b"x",
                            ExplicitHashKey=str(2**128 - 1))
    assert put["ShardId"] == "shardId-000000000002"
    with pytest.raises(client.exceptions.InvalidArgumentException) as refused:
        client.put_record(StreamName=stream, PartitionKey="a", Data=b"x", ExplicitHashKey=str(2**128))
    assert refused.value.response["Error"]["Message"] == (
        "Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. "
        f"Specified value was {2**128}")


def test_five_iterator_types(client):
    stream = create(client, "s")
    first, second, _ = put_all(client, stream, [b"1", b"2", b"3"])
    latest = iterator(client, stream, SHARD, "LATEST")

    def read(kind, count, **position):
        return data(read_until(client, iterator(client, stream, SHARD, kind, **position), count))

    assert read("TRIM_HORIZON", 3) == [b"1", b"2", b"3"]
    number = second["SequenceNumber"]
    assert read("AT_SEQUENCE_NUMBER", 2, StartingSequenceNumber=number) == [b"2", b"3"]
    assert read("AFTER_SEQUENCE_NUMBER", 1, StartingSequenceNumber=number) == [b"3"]
    # botocore sends whole seconds.
    arrival = read_until(client, iterator(client, stream, SHARD), 3)[0]["ApproximateArrivalTimestamp"]
    assert read("AT_TIMESTAMP", 3, Timestamp=arrival.replace(microsecond=0)) == [b"1", b"2", b"3"]

    assert client.get_records(ShardIterator=latest)["Records"] == []
    put_all(client, stream, [b"4"])
    assert data(read_until(client, latest, 1)) == [b"4"]
    assert int(first["SequenceNumber"]) < int(number)


def test_starting_sequence_number_of_the_shard_starts_at_its_first_record(client):
    stream = create(client, "s")
    put_all(client, stream, [b"1"])
    (shard,) = client.list_shards(StreamName=stream)["Shards"]
    start = shard["SequenceNumberRange"]["StartingSequenceNumber"]
    for kind in "AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER":
        it = iterator(client, stream, SHARD, kind, StartingSequenceNumber=start)
        assert data(read_until(client, it, 1)) == [b"1"]


def test_future_timestamp_is_refused(client):
    stream = create(client, "s")
    tomorrow = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1)
    with pytest.raises(client.exceptions.InvalidArgumentException) as refused:
        iterator(client, stream, SHARD, "AT_TIMESTAMP", Timestamp=tomorrow)
    assert refused.value.response["Error"]["Message"].startswith(
        "The timestampInMillis parameter cannot be greater than the currentTimestampInMillis.")


def test_pages_of_limited_size(client):
    stream = create(client, "s")
    payloads = [str(i).encode() for i in range(10)]
    put_all(client, stream, payloads)
    position = iterator(client, stream, SHARD)
    seen = []
    for size in (3, 3, 3, 1):
        answer = client.get_records(ShardIterator=position, Limit=3)
        assert len(answer["Records"]) == size
        assert (answer["MillisBehindLatest"] == 0) == (size == 1)
        assert answer["NextShardIterator"] != position
        position = answer["NextShardIterator"]
        seen += data(answer["Records"])
    assert seen == payloads


def test_by_arn(client):
    create(client, "s")
    arn = client.describe_stream_summary(StreamName="s")["StreamDescriptionSummary"]["StreamARN"]
    client.put_record(StreamARN=arn, PartitionKey="k", Data=b"x")
    start = client.get_shard_iterator(StreamARN=arn, ShardId=SHARD, ShardIteratorType="TRIM_HORIZON")
    answer = client.get_records(StreamARN=arn, ShardIterator=start["ShardIterator"])
    assert data(answer["Records"]) == [b"x"]


def test_what_was_acknowledged_survives_a_kill(server):
    client = server.client()
    stream = create(client, "s")
    client.add_tags_to_stream(StreamName=stream, Tags={"team": "orders"})
    client.increase_stream_retention_period(StreamName=stream, RetentionPeriodHours=48)
    put_all(client, stream, [b"1", b"2"])
    before = iterator(client, stream, SHARD)

    server.kill()
    server.restart()
    client = server.client()
    assert data(read_until(client, before, 2)) == [b"1", b"2"]
    put_all(client, stream, [b"3"])
    assert data(read_until(client, iterator(client, stream, SHARD), 3)) == [b"1", b"2", b"3"]
    assert client.list_tags_for_stream(StreamName=stream)["Tags"] == [{"Key": "team", "Value": "orders"}]
    summary = client.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]
    assert summary["RetentionPeriodHours"] == 48
