package leat.compat.kpl;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import leat.compat.Server;
import software.amazon.awssdk.services.cloudwatch.CloudWatchAsyncClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.kinesis.model.Shard;
import software.amazon.kinesis.common.ConfigsBuilder;
import software.amazon.kinesis.common.HashKeyRangeForLease;
import software.amazon.kinesis.common.InitialPositionInStream;
import software.amazon.kinesis.common.InitialPositionInStreamExtended;
import software.amazon.kinesis.common.StreamIdentifier;
import software.amazon.kinesis.coordinator.Scheduler;
import software.amazon.kinesis.exceptions.InvalidStateException;
import software.amazon.kinesis.exceptions.ShutdownException;
import software.amazon.kinesis.leases.Lease;
import software.amazon.kinesis.leases.LeaseManagementConfig;
import software.amazon.kinesis.leases.LeaseRefresher;
import software.amazon.kinesis.leases.dynamodb.DynamoDBLeaseSerializer;
import software.amazon.kinesis.leases.exceptions.LeasingException;
import software.amazon.kinesis.lifecycle.events.InitializationInput;
import software.amazon.kinesis.lifecycle.events.LeaseLostInput;
import software.amazon.kinesis.lifecycle.events.ProcessRecordsInput;
import software.amazon.kinesis.lifecycle.events.ShardEndedInput;
import software.amazon.kinesis.lifecycle.events.ShutdownRequestedInput;
import software.amazon.kinesis.metrics.MetricsLevel;
import software.amazon.kinesis.processor.RecordProcessorCheckpointer;
import software.amazon.kinesis.processor.ShardRecordProcessor;
import software.amazon.kinesis.processor.SingleStreamTracker;
import software.amazon.kinesis.retrieval.kpl.ExtendedSequenceNumber;
import software.amazon.kinesis.retrieval.polling.PollingConfig;

/** A KCL that reads a stream from its beginning. */
final class Consumer implements AutoCloseable {
  private final Map<Delivery.Place, Delivery> deliveries = new LinkedHashMap<>();
  private final DynamoDbAsyncClient dynamoDb;
  private final CloudWatchAsyncClient cloudWatch;
  private final Scheduler scheduler;
  private final CompletableFuture<Void> run;

  Consumer(Server server, Stream stream) throws LeasingException {
    dynamoDb = Stream.connect(DynamoDbAsyncClient.builder(), server.endpoint()).build();
    cloudWatch = Stream.connect(CloudWatchAsyncClient.builder(), server.endpoint()).build();
    ConfigsBuilder configs = new ConfigsBuilder(
        new SingleStreamTracker(StreamIdentifier.singleStreamInstance(Stream.NAME),
            InitialPositionInStreamExtended.newInitialPosition(
                InitialPositionInStream.TRIM_HORIZON)),
        "kpl", stream.client, dynamoDb, cloudWatch, "worker", Processor::new);
    LeaseManagementConfig leases = configs.leaseManagementConfig()
        .failoverTimeMillis(2000).shardSyncIntervalMillis(1000);
    seed(leases, stream);
    scheduler = new Scheduler(
        configs.checkpointConfig(),
        configs.coordinatorConfig().parentShardPollIntervalMillis(500),
        leases,
        configs.lifecycleConfig(),
        configs.metricsConfig().metricsLevel(MetricsLevel.NONE),
        configs.processorConfig(),
        configs.retrievalConfig().retrievalSpecificConfig(
            new PollingConfig(Stream.NAME, stream.client).idleTimeBetweenReadsInMillis(200)));
    run = Background.start(scheduler::run);
  }

  /** Writes the leases that the KCL would else write after a random time of up to 30 s. */
  private static void seed(LeaseManagementConfig config, Stream stream) throws LeasingException {
    LeaseRefresher leases =
        config.leaseManagementFactory(new DynamoDBLeaseSerializer(), false).createLeaseRefresher();
    leases.createLeaseTableIfNotExists();
    leases.waitUntilLeaseTableExists(1, Server.EVENT.toSeconds());
    for (Shard shard : stream.openShards()) {
      Lease lease = new Lease();
      lease.leaseKey(shard.shardId());
      lease.checkpoint(ExtendedSequenceNumber.TRIM_HORIZON);
      lease.ownerSwitchesSinceCheckpoint(0L);
      lease.hashKeyRange(HashKeyRangeForLease.fromHashKeyRange(shard.hashKeyRange()));
      leases.createLeaseIfNotExists(lease);
    }
  }

  /** Waits until what was delivered satisfies a condition, and returns it in its order. */
  synchronized List<Delivery> await(Predicate<Collection<Delivery>> condition)
      throws InterruptedException {
    long deadline = System.nanoTime() + Server.EVENT.toNanos();
    while (!condition.test(deliveries.values())) {
      long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
      if (left <= 0) {
        throw new AssertionError("the KCL has delivered only " + deliveries.size());
      }
      wait(left);
    }
    return List.copyOf(deliveries.values());
  }

  @Override
  public void close() throws Exception {
    scheduler.startGracefulShutdown().get(Server.EVENT.toSeconds(), TimeUnit.SECONDS);
    run.get(Server.EVENT.toSeconds(), TimeUnit.SECONDS);
    dynamoDb.close();
    cloudWatch.close();
  }

  /** Takes a user record; what the KCL repeats after it has lost a lease is there already. */
  private synchronized void deliver(Delivery delivery) {
    deliveries.putIfAbsent(delivery.place(), delivery);
    notifyAll();
  }

  private final class Processor implements ShardRecordProcessor {
    private String shard;

    @Override
    public void initialize(InitializationInput input) {
      shard = input.shardId();
    }

    @Override
    public void processRecords(ProcessRecordsInput input) {
      input.records().forEach(record -> deliver(Delivery.of(shard, record)));
      checkpoint(input.checkpointer());
    }

    @Override
    public void leaseLost(LeaseLostInput input) {}

    @Override
    public void shardEnded(ShardEndedInput input) {
      checkpoint(input.checkpointer());
    }

    @Override
    public void shutdownRequested(ShutdownRequestedInput input) {
      checkpoint(input.checkpointer());
    }

    private void checkpoint(RecordProcessorCheckpointer checkpointer) {
      try {
        checkpointer.checkpoint();
      } catch (InvalidStateException | ShutdownException e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
