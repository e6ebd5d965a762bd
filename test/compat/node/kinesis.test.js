import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  AddTagsToStreamCommand,
  CreateStreamCommand,
  DeleteStreamCommand,
  DescribeStreamSummaryCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  IncreaseStreamRetentionPeriodCommand,
  ListShardsCommand,
  ListTagsForStreamCommand,
  MergeShardsCommand,
  ProvisionedThroughputExceededException,
  PutRecordCommand,
  PutRecordsCommand,
  ResourceNotFoundException,
  SplitShardCommand,
  UpdateShardCountCommand,
  paginateListStreams,
  waitUntilStreamExists,
  waitUntilStreamNotExists,
} from "@aws-sdk/client-kinesis";
import { connect, eventMillis, serve, transports, until } from "./leat.js";

const shard = "shardId-000000000000";
const StreamName = "s";
const text = (records) => records.map((r) => Buffer.from(r.Data).toString());
const wait = (client) => ({ client, maxWaitTime: eventMillis / 1000, minDelay: 0.1, maxDelay: 0.5 });

async function create(client, ShardCount = 1) {
  await client.send(new CreateStreamCommand({ StreamName, ShardCount }));
  await waitUntilStreamExists(wait(client), { StreamName });
}

async function put(client, payload, key = "k") {
  return client.send(new PutRecordCommand({ StreamName, PartitionKey: key, Data: Buffer.from(payload) }));
}

async function iterator(client, type, position = {}, ShardId = shard) {
  const answer = await client.send(
    new GetShardIteratorCommand({ StreamName, ShardId, ShardIteratorType: type, ...position }),
  );
  return answer.ShardIterator;
}

// read reads on from an iterator until it has the number of records.
async function read(client, start, count) {
  const records = [];
  let position = start;
  return until(async () => {
    const answer = await client.send(new GetRecordsCommand({ ShardIterator: position }));
    position = answer.NextShardIterator;
    records.push(...answer.Records);
    return records.length >= count ? records : undefined;
  });
}

// readToEnd reads a closed shard: its records and the shards that follow it.
async function readToEnd(client, id) {
  const records = [];
  let position = await iterator(client, "TRIM_HORIZON", {}, id);
  const children = await until(async () => {
    const answer = await client.send(new GetRecordsCommand({ ShardIterator: position }));
    records.push(...answer.Records);
    position = answer.NextShardIterator;
    return position === undefined ? answer.ChildShards : undefined;
  });
  return { records, children };
}

for (const transport of Object.keys(transports)) {
  describe(`over ${transport}`, () => {
    test("a record is read back", async (t) => {
      const client = connect(t, await serve(t, "--limits", "off"), transport);
      await create(client);
      const payload = Uint8Array.from({ length: 256 }, (_, i) => i);
      const acknowledged = await put(client, payload);
      assert.equal(acknowledged.ShardId, shard);
      const [record] = await read(client, await iterator(client, "TRIM_HORIZON"), 1);
      assert.deepEqual(Uint8Array.from(record.Data), payload);
      assert.equal(record.SequenceNumber, acknowledged.SequenceNumber);
      assert.ok(Math.abs(Date.now() - record.ApproximateArrivalTimestamp) < 60_000);
    });

    test("PutRecords routes by key and keeps order", async (t) => {
      const client = connect(t, await serve(t, "--limits", "off"), transport);
      await create(client, 3);
      const keys = ["a", "b", "e"];
      const Records = Array.from({ length: 498 }, (_, i) => ({
        PartitionKey: keys[i % 3],
        Data: Buffer.from(`${keys[i % 3]}${Math.floor(i / 3)}`),
      }));
      const answer = await client.send(new PutRecordsCommand({ StreamName, Records }));
      assert.equal(answer.FailedRecordCount, 0);
      assert.equal(answer.Records.length, Records.length);
      for (const [i, key] of keys.entries()) {
        const id = `shardId-00000000000${i}`;
        const records = await read(client, await iterator(client, "TRIM_HORIZON", {}, id), 166);
        assert.deepEqual(text(records), Array.from({ length: 166 }, (_, n) => `${key}${n}`));
      }
    });

    test("five iterator types", async (t) => {
      const client = connect(t, await serve(t, "--limits", "off"), transport);
      await create(client);
      const { SequenceNumber: StartingSequenceNumber } = await put(client, "1");
      const [first] = await read(client, await iterator(client, "TRIM_HORIZON"), 1);
      // Arrivals have milliseconds: put until one is later than the first.
      const later = await until(async () => {
        const { SequenceNumber } = await put(client, "2");
        const start = await iterator(client, "AT_SEQUENCE_NUMBER", { StartingSequenceNumber: SequenceNumber });
        const [record] = await read(client, start, 1);
        return record.ApproximateArrivalTimestamp > first.ApproximateArrivalTimestamp ? record : undefined;
      });
      const start = async (type, position) => (await read(client, await iterator(client, type, position), 1))[0];
      const latest = await iterator(client, "LATEST");

      assert.equal((await start("TRIM_HORIZON")).SequenceNumber, StartingSequenceNumber);
      assert.equal((await start("AT_SEQUENCE_NUMBER", { StartingSequenceNumber })).SequenceNumber, StartingSequenceNumber);
      assert.deepEqual(text([await start("AFTER_SEQUENCE_NUMBER", { StartingSequenceNumber })]), ["2"]);
      const at = await start("AT_TIMESTAMP", { Timestamp: later.ApproximateArrivalTimestamp });
      assert.equal(at.SequenceNumber, later.SequenceNumber);
      await put(client, "3");
      assert.deepEqual(text(await read(client, latest, 1)), ["3"]);
    });

    test("a reader follows a split and a merge", async (t) => {
      const client = connect(t, await serve(t, "--limits", "off"), transport);
      await create(client);
      await put(client, "before");
      const NewStartingHashKey = (2n ** 127n).toString();
      await client.send(new SplitShardCommand({ StreamName, ShardToSplit: shard, NewStartingHashKey }));
      await put(client, "between");
      const parent = await readToEnd(client, shard);
      assert.deepEqual(text(parent.records), ["before"]);
      const [low, high] = parent.children.map((c) => c.ShardId);
      assert.deepEqual(parent.children.map((c) => c.ParentShards), [[shard], [shard]]);

      await client.send(new MergeShardsCommand({ StreamName, ShardToMerge: low, AdjacentShardToMerge: high }));
      await put(client, "after");
      const halves = [await readToEnd(client, low), await readToEnd(client, high)];
      assert.deepEqual(text(halves.flatMap((h) => h.records)), ["between"]);
      const [merged] = halves[0].children;
      assert.deepEqual([...merged.ParentShards].sort(), [low, high]);
      const last = await read(client, await iterator(client, "TRIM_HORIZON", {}, merged.ShardId), 1);
      assert.deepEqual(text(last), ["after"]);
    });

    test("UpdateShardCount, tags and retention", async (t) => {
      const client = connect(t, await serve(t, "--limits", "off"), transport);
      await create(client, 2);
      const scaled = await client.send(
        new UpdateShardCountCommand({ StreamName, TargetShardCount: 4, ScalingType: "UNIFORM_SCALING" }),
      );
      assert.deepEqual([scaled.CurrentShardCount, scaled.TargetShardCount], [2, 4]);
      const { Shards } = await client.send(new ListShardsCommand({ StreamName }));
      assert.equal(Shards.length, 6);
      await client.send(new AddTagsToStreamCommand({ StreamName, Tags: { team: "orders" } }));
      const { Tags } = await client.send(new ListTagsForStreamCommand({ StreamName }));
      assert.deepEqual(Tags, [{ Key: "team", Value: "orders" }]);
      await client.send(new IncreaseStreamRetentionPeriodCommand({ StreamName, RetentionPeriodHours: 48 }));
      const { StreamDescriptionSummary } = await client.send(new DescribeStreamSummaryCommand({ StreamName }));
      assert.equal(StreamDescriptionSummary.RetentionPeriodHours, 48);
      assert.equal(StreamDescriptionSummary.OpenShardCount, 4);
    });

    test("waiters and paginators", async (t) => {
      const client = connect(t, await serve(t, "--limits", "off", "--transition-delay", "500ms"), transport);
      for (const name of ["a", "b", "c"]) {
        await client.send(new CreateStreamCommand({ StreamName: name, ShardCount: 1 }));
      }
      await waitUntilStreamExists(wait(client), { StreamName: "c" });
      const pages = [];
      for await (const page of paginateListStreams({ client, pageSize: 2 }, {})) {
        pages.push(page.StreamNames);
      }
      assert.deepEqual(pages, [["a", "b"], ["c"]]);
      const ids = [];
      let NextToken;
      await client.send(new CreateStreamCommand({ StreamName, ShardCount: 5 }));
      await waitUntilStreamExists(wait(client), { StreamName });
      do {
        const page = await client.send(
          new ListShardsCommand(NextToken ? { NextToken, MaxResults: 2 } : { StreamName, MaxResults: 2 }),
        );
        ids.push(...page.Shards.map((s) => s.ShardId));
        NextToken = page.NextToken;
      } while (NextToken);
      assert.deepEqual(ids, Array.from({ length: 5 }, (_, i) => `shardId-00000000000${i}`));
      await client.send(new DeleteStreamCommand({ StreamName: "a" }));
      await waitUntilStreamNotExists(wait(client), { StreamName: "a" });
    });

    test("errors have their types", async (t) => {
      const client = connect(t, await serve(t), transport);
      await assert.rejects(client.send(new DescribeStreamSummaryCommand({ StreamName })), (err) => {
        assert.ok(err instanceof ResourceNotFoundException, err);
        assert.equal(err.message, "Stream s under account 000000000000 not found.");
        assert.match(err.$metadata.requestId, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
        assert.ok(err.$metadata.extendedRequestId);
        return true;
      });
      await create(client);
      const payload = Buffer.alloc((1 << 20) - 1);
      await assert.rejects(
        async () => {
          for (let i = 0; i < 8; i++) {
            await put(client, payload);
          }
        },
        (err) => {
          assert.ok(err instanceof ProvisionedThroughputExceededException, err);
          assert.equal(err.message, `Rate exceeded for shard ${shard} in stream s under account 000000000000.`);
          return true;
        },
      );
    });
  });
}
