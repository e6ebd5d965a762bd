"""The AWS CLI, v1 and v2, and the session that the README shows."""

import base64
import json
import pathlib
import re

import pytest

from cli import CLIS, Cli

README = pathlib.Path(__file__).parents[3] / "README.md"


@pytest.fixture(params=CLIS)
def cli(request, server, tmp_path):
    directory = tmp_path / "home"
    directory.mkdir()
    return Cli(request.param, server.endpoint, directory)


def test_records_over_https(cli, server):
    cli.secure(server)
    test_records(cli)


def test_records(cli):
    shard = "shardId-000000000000"
    cli.kinesis("create-stream", "--stream-name", "s", "--shard-count", "1")
    cli.kinesis("wait", "stream-exists", "--stream-name", "s")
    (cli.directory / "record").write_bytes(b"first")
    first = cli.kinesis("put-record", "--stream-name", "s", "--partition-key", "k",
                        "--data", "fileb://record")
    assert first["ShardId"] == shard
    encoded = [base64.b64encode(d).decode() for d in (b"second", b"third")]
    # v1 encodes what it is given, v2 wants it encoded.
    payloads = encoded if cli.version == "v2" else ["second", "third"]
    many = cli.kinesis("put-records", "--stream-name", "s", "--records",
                       json.dumps([{"PartitionKey": "k", "Data": d} for d in payloads]))
    assert many["FailedRecordCount"] == 0
    second = many["Records"][0]["SequenceNumber"]

    latest = cli.iterator("s", shard, "LATEST")
    assert cli.data(cli.iterator("s", shard, "TRIM_HORIZON")) == [b"first", b"second", b"third"]
    assert cli.data(cli.iterator("s", shard, "AT_SEQUENCE_NUMBER",
                                 "--starting-sequence-number", second)) == [b"second", b"third"]
    assert cli.data(cli.iterator("s", shard, "AFTER_SEQUENCE_NUMBER",
                                 "--starting-sequence-number", second)) == [b"third"]
    assert cli.data(cli.iterator("s", shard, "AT_TIMESTAMP", "--timestamp", "2020-01-01T00:00:00Z")) == [
        b"first", b"second", b"third"]
    assert cli.data(latest) == []


def test_streams(cli):
    for name in "a", "b", "c":
        cli.kinesis("create-stream", "--stream-name", name, "--shard-count", "2")
    assert cli.kinesis("list-streams", "--page-size", "1")["StreamNames"] == ["a", "b", "c"]
    cli.kinesis("add-tags-to-stream", "--stream-name", "a", "--tags", "team=orders")
    assert cli.kinesis("list-tags-for-stream", "--stream-name", "a")["Tags"] == [
        {"Key": "team", "Value": "orders"}]
    cli.kinesis("increase-stream-retention-period", "--stream-name", "a", "--retention-period-hours", "30")
    cli.kinesis("split-shard", "--stream-name", "a", "--shard-to-split", "shardId-000000000000",
                "--new-starting-hash-key", str(2**126))
    cli.kinesis("merge-shards", "--stream-name", "a", "--shard-to-merge", "shardId-000000000002",
                "--adjacent-shard-to-merge", "shardId-000000000003")
    assert len(cli.kinesis("list-shards", "--stream-name", "a")["Shards"]) == 5
    cli.kinesis("update-shard-count", "--stream-name", "b", "--target-shard-count", "4",
                "--scaling-type", "UNIFORM_SCALING")
    assert len(cli.kinesis("describe-stream", "--stream-name", "b")["StreamDescription"]["Shards"]) == 6
    summary = cli.kinesis("describe-stream-summary", "--stream-name", "a")["StreamDescriptionSummary"]
    assert (summary["RetentionPeriodHours"], summary["OpenShardCount"]) == (30, 2)
    cli.kinesis("delete-stream", "--stream-name", "c")
    cli.kinesis("wait", "stream-not-exists", "--stream-name", "c")


def test_errors_have_their_types(cli):
    said = cli.refusal("describe-stream-summary", "--stream-name", "s")
    assert "(ResourceNotFoundException)" in said
    assert said.endswith(": Stream s under account 000000000000 not found.")
    cli.kinesis("create-stream", "--stream-name", "s")
    assert "(ResourceInUseException)" in cli.refusal("create-stream", "--stream-name", "s")


def readme_session():
    """Returns the block of commands that the README asks to paste."""
    for block in re.findall(r"```sh\n(.*?)```", README.read_text(), re.DOTALL):
        if "aws kinesis create-stream" in block:
            return block
    raise AssertionError("the README shows no session")


def test_readme_session(cli):
    # The tests' servers have ports of their own.
    session, replaced = re.subn(r"http://127\.0\.0\.1:4567", cli.endpoint, readme_session())
    assert replaced == 1
    # 2.9 is too old for AWS_ENDPOINT_URL; v1 is run exactly as shown.
    flags = f"--endpoint-url {cli.endpoint}" if cli.version == "v2" else ""
    wrapper = cli.directory / "aws"
    wrapper.write_text(f'#!/bin/sh\nexec {cli.path} {flags} "$@"\n')
    wrapper.chmod(0o755)

    out = cli.run(["bash", "-euo", "pipefail", "-c", session])
    decoder, answers, rest = json.JSONDecoder(), [], out.strip()
    while rest:
        answer, end = decoder.raw_decode(rest)
        answers.append(answer)
        rest = rest[end:].strip()
    put, got = answers
    (record,) = got["Records"]
    assert put["SequenceNumber"] == record["SequenceNumber"]
    assert json.loads(base64.b64decode(record["Data"])) == {"order": "1", "status": "placed"}
