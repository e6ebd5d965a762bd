"""The rates of the service, which are enforced unless told otherwise."""

import pytest

from leat import create, iterator

SHARD = "shardId-000000000000"
WRITE_TEXT = f"Rate exceeded for shard {SHARD} in stream s under account 000000000000."


@pytest.fixture
def limited(serve):
    client = serve().client()
    create(client, "s")
    return client


def test_put_records_throttles_single_records(limited):
    entries = [{"PartitionKey": "k", "Data": b"x"}] * 500
    answers = [limited.put_records(StreamName="s", Records=entries) for _ in range(4)]
    assert answers[0]["FailedRecordCount"] == 0
    failed = [r for a in answers for r in a["Records"] if "ErrorCode" in r]
    assert sum(a["FailedRecordCount"] for a in answers) == len(failed) > 0
    for record in failed:
        assert record == {"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": WRITE_TEXT}


def test_put_record_beyond_a_mebibyte_a_second(limited):
    payload = bytes((1 << 20) - 1)
    with pytest.raises(limited.exceptions.ProvisionedThroughputExceededException) as refused:
        for _ in range(8):
            limited.put_record(StreamName="s", PartitionKey="k", Data=payload)
    assert refused.value.response["Error"]["Message"] == WRITE_TEXT
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_get_records_beyond_five_calls_a_second(limited):
    start = iterator(limited, "s", SHARD)
    with pytest.raises(limited.exceptions.ProvisionedThroughputExceededException) as refused:
        for _ in range(50):
            limited.get_records(ShardIterator=start)
    assert refused.value.response["Error"]["Message"].startswith("Rate exceeded for ")
