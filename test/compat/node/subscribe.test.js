import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  CreateStreamCommand,
  DeleteStreamCommand,
  DescribeStreamConsumerCommand,
  DescribeStreamSummaryCommand,
  PutRecordCommand,
  RegisterStreamConsumerCommand,
  ResourceInUseException,
  ResourceNotFoundException,
  SplitShardCommand,
  SubscribeToShardCommand,
} from "@aws-sdk/client-kinesis";
import { connect, serve, transports, until } from "./leat.js";

const shard = "shardId-000000000000";
const StreamName = "s";
const trimHorizon = { Type: "TRIM_HORIZON" };
const text = (records) => records.map((r) => Buffer.from(r.Data).toString());

// register makes a consumer and returns its ARN once it is active.
async function register(client, ConsumerName) {
  const { StreamDescriptionSummary } = await client.send(new DescribeStreamSummaryCommand({ StreamName }));
  const { Consumer } = await client.send(
    new RegisterStreamConsumerCommand({ StreamARN: StreamDescriptionSummary.StreamARN, ConsumerName }),
  );
  const { ConsumerARN } = Consumer;
  return until(async () => {
    const { ConsumerDescription } = await client.send(new DescribeStreamConsumerCommand({ ConsumerARN }));
    return ConsumerDescription.ConsumerStatus === "ACTIVE" ? ConsumerARN : undefined;
  });
}

// subscribe begins a subscription and returns its events, as they come.
async function subscribe(client, ConsumerARN, ShardId = shard, StartingPosition = trimHorizon) {
  const { EventStream } = await client.send(
    new SubscribeToShardCommand({ ConsumerARN, ShardId, StartingPosition }),
  );
  return EventStream[Symbol.asyncIterator]();
}

// take takes events until they brought the number of records.
async function take(events, count) {
  const records = [];
  return until(async () => {
    const { value, done } = await events.next();
    assert.ok(!done, "the subscription has ended");
    records.push(...value.SubscribeToShardEvent.Records);
    return records.length >= count ? records : undefined;
  });
}

// rest takes all events until the end.
async function rest(events) {
  const all = [];
  for (let next = await events.next(); !next.done; next = await events.next()) {
    all.push(next.value.SubscribeToShardEvent);
  }
  return all;
}

async function put(client, payload, ExplicitHashKey = "0") {
  return client.send(
    new PutRecordCommand({ StreamName, PartitionKey: "k", ExplicitHashKey, Data: Buffer.from(payload) }),
  );
}

for (const transport of Object.keys(transports)) {
  describe(`subscriptions over ${transport}`, () => {
    test("records are pushed and a split leads to the children", async (t) => {
      const client = connect(t, await serve(t, "--limits", "off"), transport);
      await client.send(new CreateStreamCommand({ StreamName, ShardCount: 1 }));
      const consumer = await register(client, "c");
      await put(client, "1");
      const events = await subscribe(client, consumer);
      assert.deepEqual(text(await take(events, 1)), ["1"]);
      const { SequenceNumber } = await put(client, "2");
      const [record] = await take(events, 1);
      assert.equal(record.SequenceNumber, SequenceNumber);
      assert.ok(Math.abs(Date.now() - record.ApproximateArrivalTimestamp) < 60_000);

      const NewStartingHashKey = (2n ** 127n).toString();
      await client.send(new SplitShardCommand({ StreamName, ShardToSplit: shard, NewStartingHashKey }));
      const { ContinuationSequenceNumber, ChildShards } = (await rest(events)).at(-1);
      assert.equal(ContinuationSequenceNumber, undefined);
      assert.deepEqual(ChildShards.map((c) => c.ParentShards), [[shard], [shard]]);
      for (const { ShardId, HashKeyRange } of ChildShards) {
        const child = await subscribe(client, consumer, ShardId);
        await put(client, ShardId, HashKeyRange.StartingHashKey);
        assert.deepEqual(text(await take(child, 1)), [ShardId]);
      }
    });

    test("a subscription ends and is continued", async (t) => {
      const client = connect(t, await serve(t, "--limits", "off", "--subscription-ttl", "1s"), transport);
      await client.send(new CreateStreamCommand({ StreamName, ShardCount: 1 }));
      await put(client, "1");
      const [first] = await rest(await subscribe(client, await register(client, "c")));
      assert.deepEqual(text(first.Records), ["1"]);
      await put(client, "2");
      // Another consumer: the first one has to wait for five seconds.
      const events = await subscribe(client, await register(client, "d"), shard, {
        Type: "AFTER_SEQUENCE_NUMBER",
        SequenceNumber: first.ContinuationSequenceNumber,
      });
      assert.deepEqual(text(await take(events, 1)), ["2"]);
    });

    test("subscriptions are refused with their types", async (t) => {
      const client = connect(t, await serve(t, "--limits", "off"), transport);
      await client.send(new CreateStreamCommand({ StreamName, ShardCount: 1 }));
      const consumer = await register(client, "c");
      const events = await subscribe(client, consumer);
      await assert.rejects(subscribe(client, consumer), ResourceInUseException);
      await assert.rejects(subscribe(client, consumer, "shardId-000000000009"), ResourceNotFoundException);
      await assert.rejects(subscribe(client, consumer.replace("/c:", "/d:")), ResourceNotFoundException);
      await client.send(new DeleteStreamCommand({ StreamName, EnforceConsumerDeletion: true }));
      await assert.rejects(rest(events), ResourceNotFoundException);
    });
  });
}
