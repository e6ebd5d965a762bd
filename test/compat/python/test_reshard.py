"""Splits and merges, and readers that follow the children."""

import pytest

from leat import create, data, iterator, read_to_end, read_until

SHARD = "shardId-000000000000"
MIDDLE = str(2**127)
KEYS = [f"key-{i}" for i in range(20)]


def put_round(client, stream, number):
    entries = [{"PartitionKey": k, "Data": f"{k} {number}".encode()} for k in KEYS]
    assert client.put_records(StreamName=stream, Records=entries)["FailedRecordCount"] == 0


def open_shards(client, stream):
    answer = client.list_shards(StreamName=stream, ShardFilter={"Type": "AT_LATEST"})
    return [s["ShardId"] for s in answer["Shards"]]


def follow(client, stream, roots):
    """Reads from the shards on through closed ones to their children.

    A child is begun when all its parents have been read to their ends, and
    open shards are read until they have nothing left. Returns the payloads in
    the order in which they were read.
    """
    still_open = set(open_shards(client, stream))
    waiting = list(roots)
    finished, seen, order = set(), set(), []
    while waiting:
        shard = waiting.pop(0)
        position = iterator(client, stream, shard)
        if shard in still_open:
            while True:
                answer = client.get_records(ShardIterator=position)
                order += data(answer["Records"])
                position = answer["NextShardIterator"]
                if answer["MillisBehindLatest"] == 0:
                    break
            continue
        records, last = read_to_end(client, position)
        order += data(records)
        finished.add(shard)
        for child in last["ChildShards"]:
            if set(child["ParentShards"]) <= finished and child["ShardId"] not in seen:
                seen.add(child["ShardId"])
                waiting.append(child["ShardId"])
    return order


def assert_every_key_in_order(payloads, rounds):
    for key in KEYS:
        mine = [p for p in payloads if p.startswith(key.encode() + b" ")]
        assert mine == [f"{key} {n}".encode() for n in range(rounds)]


def test_split_closes_the_parent_and_names_the_children(client):
    stream = create(client, "s")
    put_round(client, stream, 0)
    client.split_shard(StreamName=stream, ShardToSplit=SHARD, NewStartingHashKey=MIDDLE)

    parent, low, high = client.list_shards(StreamName=stream)["Shards"]
    assert "EndingSequenceNumber" in parent["SequenceNumberRange"]
    assert "EndingSequenceNumber" not in low["SequenceNumberRange"]
    assert (low["ParentShardId"], high["ParentShardId"]) == (SHARD, SHARD)
    assert low["HashKeyRange"] == {"StartingHashKey": "0", "EndingHashKey": str(2**127 - 1)}
    assert high["HashKeyRange"] == {"StartingHashKey": MIDDLE, "EndingHashKey": str(2**128 - 1)}

    records, last = read_to_end(client, iterator(client, stream, SHARD))
    assert len(records) == len(KEYS)
    assert [(c["ShardId"], c["ParentShards"]) for c in last["ChildShards"]] == [
        (low["ShardId"], [SHARD]), (high["ShardId"], [SHARD])]

    _, last = read_to_end(client, iterator(client, stream, SHARD, "LATEST"))
    assert len(last["ChildShards"]) == 2


def test_merge_names_both_parents(client):
    stream = create(client, "s", shards=2)
    first, second = open_shards(client, stream)
    client.merge_shards(StreamName=stream, ShardToMerge=first, AdjacentShardToMerge=second)
    (merged,) = open_shards(client, stream)
    for shard in first, second:
        _, last = read_to_end(client, iterator(client, stream, shard))
        (child,) = last["ChildShards"]
        assert child["ShardId"] == merged
        assert sorted(child["ParentShards"]) == [first, second]


def test_merge_in_the_wrong_order_is_refused(client):
    stream = create(client, "s", shards=2)
    first, second = open_shards(client, stream)
    with pytest.raises(client.exceptions.InvalidArgumentException) as refused:
        client.merge_shards(StreamName=stream, ShardToMerge=second, AdjacentShardToMerge=first)
    assert refused.value.response["Error"]["Message"] == (
        f"Shards {second} and {first} in stream s under account 000000000000 "
        "are not an adjacent pair of shards eligible for merging")


def test_readers_follow_splits_and_merges(client):
    stream = create(client, "s")
    put_round(client, stream, 0)
    client.split_shard(StreamName=stream, ShardToSplit=SHARD, NewStartingHashKey=MIDDLE)
    put_round(client, stream, 1)
    low, high = open_shards(client, stream)
    client.split_shard(StreamName=stream, ShardToSplit=low, NewStartingHashKey=str(2**126))
    put_round(client, stream, 2)
    _, quarter = [s for s in open_shards(client, stream) if s != high]
    client.merge_shards(StreamName=stream, ShardToMerge=quarter, AdjacentShardToMerge=high)
    put_round(client, stream, 3)
    assert_every_key_in_order(follow(client, stream, [SHARD]), rounds=4)


@pytest.mark.parametrize("count, target, total", [(2, 4, 6), (4, 5, 15), (4, 2, 6), (5, 3, 7)])
def test_update_shard_count(client, count, target, total):
    stream = create(client, "s", shards=count)
    roots = open_shards(client, stream)
    put_round(client, stream, 0)
    answer = client.update_shard_count(
        StreamName=stream, TargetShardCount=target, ScalingType="UNIFORM_SCALING")
    assert (answer["CurrentShardCount"], answer["TargetShardCount"]) == (count, target)
    put_round(client, stream, 1)
    assert len(open_shards(client, stream)) == target
    assert len(client.list_shards(StreamName=stream)["Shards"]) == total
    assert_every_key_in_order(follow(client, stream, roots), rounds=2)


def test_an_open_iterator_is_carried_over_a_split(client):
    stream = create(client, "s")
    put_round(client, stream, 0)
    position = iterator(client, stream, SHARD)
    answer = client.get_records(ShardIterator=position, Limit=1)
    client.split_shard(StreamName=stream, ShardToSplit=SHARD, NewStartingHashKey=MIDDLE)
    records, _ = read_to_end(client, answer["NextShardIterator"])
    assert len(records) == len(KEYS) - 1
    low, _ = open_shards(client, stream)
    client.put_record(StreamName=stream, PartitionKey="k", ExplicitHashKey="0", Data=b"later")
    assert data(read_until(client, iterator(client, stream, low), 1)) == [b"later"]
