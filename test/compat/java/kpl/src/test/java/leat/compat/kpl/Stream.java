package leat.compat.kpl;

import java.math.BigInteger;
import java.net.URI;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.BiFunction;
import leat.compat.Server;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.client.builder.AwsClientBuilder;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.kinesis.KinesisAsyncClient;
import software.amazon.awssdk.services.kinesis.model.GetRecordsResponse;
import software.amazon.awssdk.services.kinesis.model.Shard;
import software.amazon.awssdk.services.kinesis.model.ShardFilterType;
import software.amazon.awssdk.services.kinesis.model.ShardIteratorType;
import software.amazon.awssdk.services.kinesis.waiters.KinesisAsyncWaiter;
import software.amazon.kinesis.common.KinesisClientUtil;
import software.amazon.kinesis.retrieval.AggregatorUtil;
import software.amazon.kinesis.retrieval.KinesisClientRecord;

/** A stream of a server. */
final class Stream implements AutoCloseable {
  private interface Deaggregator
      extends BiFunction<Shard, List<KinesisClientRecord>, List<KinesisClientRecord>> {}

  static final String NAME = "orders";

  final KinesisAsyncClient client;

  /** Makes a stream of some shards. */
  Stream(Server server, int shards) {
    client = KinesisClientUtil.createKinesisAsyncClient(
        connect(KinesisAsyncClient.builder(), server.endpoint()));
    client.createStream(r -> r.streamName(NAME).shardCount(shards)).join();
    awaitActive();
  }

  /** Returns the builder of a client of the owner's. */
  static <B extends AwsClientBuilder<B, ?>> B connect(B builder, String endpoint) {
    return builder.endpointOverride(URI.create(endpoint)).region(Region.US_EAST_1)
        .credentialsProvider(StaticCredentialsProvider.create(Accounts.OWNER));
  }

  @Override
  public void close() {
    client.close();
  }

  /** Splits the open shard with the lowest hash keys in the middle. */
  void split() {
    Shard shard = openShards().get(0);
    BigInteger middle = start(shard).add(end(shard)).shiftRight(1).add(BigInteger.ONE);
    client.splitShard(r -> r.streamName(NAME).shardToSplit(shard.shardId())
        .newStartingHashKey(middle.toString())).join();
    awaitActive();
  }

  /** Merges the two open shards with the highest hash keys. */
  void merge() {
    List<Shard> shards = openShards();
    client.mergeShards(r -> r.streamName(NAME)
        .shardToMerge(shards.get(shards.size() - 2).shardId())
        .adjacentShardToMerge(shards.get(shards.size() - 1).shardId())).join();
    awaitActive();
  }

  /** Returns the user records of all shards that a KCL delivers. */
  List<Delivery> userRecords() {
    return read((shard, records) ->
        new AggregatorUtil().deaggregate(records, start(shard), end(shard)));
  }

  /** Returns the user records of all shards, also those that a KCL takes for another shard's. */
  List<Delivery> allUserRecords() {
    return read((shard, records) -> new AggregatorUtil().deaggregate(records));
  }

  private List<Delivery> read(Deaggregator deaggregator) {
    List<Delivery> deliveries = new ArrayList<>();
    for (Shard shard : client.listShards(r -> r.streamName(NAME)).join().shards()) {
      deaggregator.apply(shard, records(shard))
          .forEach(record -> deliveries.add(Delivery.of(shard.shardId(), record)));
    }
    return deliveries;
  }

  private List<KinesisClientRecord> records(Shard shard) {
    List<KinesisClientRecord> records = new ArrayList<>();
    String iterator = client.getShardIterator(r -> r.streamName(NAME).shardId(shard.shardId())
        .shardIteratorType(ShardIteratorType.TRIM_HORIZON)).join().shardIterator();
    GetRecordsResponse page = null;
    while (iterator != null && (page == null || page.millisBehindLatest() > 0)) {
      String position = iterator;
      page = client.getRecords(r -> r.shardIterator(position)).join();
      page.records().forEach(record -> records.add(KinesisClientRecord.fromRecord(record)));
      iterator = page.nextShardIterator();
    }
    return records;
  }

  /** Returns the open shards in the order of their hash keys. */
  List<Shard> openShards() {
    return client.listShards(r -> r.streamName(NAME)
        .shardFilter(f -> f.type(ShardFilterType.AT_LATEST))).join().shards().stream()
        .sorted(Comparator.comparing(Stream::start)).toList();
  }

  private void awaitActive() {
    try (KinesisAsyncWaiter waiter = client.waiter()) {
      waiter.waitUntilStreamExists(r -> r.streamName(NAME)).join();
    }
  }

  private static BigInteger start(Shard shard) {
    return new BigInteger(shard.hashKeyRange().startingHashKey());
  }

  private static BigInteger end(Shard shard) {
    return new BigInteger(shard.hashKeyRange().endingHashKey());
  }
}
