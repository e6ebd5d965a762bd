package leat.compat.kcl;

import java.io.IOException;
import java.io.UncheckedIOException;
import software.amazon.awssdk.services.cloudwatch.CloudWatchAsyncClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.kinesis.KinesisAsyncClient;
import software.amazon.kinesis.common.ConfigsBuilder;
import software.amazon.kinesis.common.InitialPositionInStream;
import software.amazon.kinesis.common.InitialPositionInStreamExtended;
import software.amazon.kinesis.common.KinesisClientUtil;
import software.amazon.kinesis.common.StreamIdentifier;
import software.amazon.kinesis.coordinator.Scheduler;
import software.amazon.kinesis.leases.LeaseManagementConfig;
import software.amazon.kinesis.metrics.MetricsLevel;
import software.amazon.kinesis.processor.SingleStreamTracker;
import software.amazon.kinesis.retrieval.RetrievalSpecificConfig;
import software.amazon.kinesis.retrieval.fanout.FanOutConfig;
import software.amazon.kinesis.retrieval.polling.PollingConfig;

/** A worker. It shuts down gracefully when its standard input ends. */
public final class Consumer {
  private Consumer() {}

  public static void main(String[] args) {
    Settings settings = Settings.ofProcess();
    try (KinesisAsyncClient kinesis = KinesisClientUtil.createKinesisAsyncClient(
            Version.configure(KinesisAsyncClient.builder()));
        DynamoDbAsyncClient dynamoDb = Version.configure(DynamoDbAsyncClient.builder()).build();
        CloudWatchAsyncClient cloudWatch =
            Version.configure(CloudWatchAsyncClient.builder()).build()) {
      Scheduler scheduler = scheduler(settings, kinesis, new ConfigsBuilder(
          new SingleStreamTracker(StreamIdentifier.singleStreamInstance(settings.stream()),
              InitialPositionInStreamExtended.newInitialPosition(
                  InitialPositionInStream.TRIM_HORIZON)),
          settings.application(), kinesis, dynamoDb, cloudWatch, settings.worker(),
          Processor::new));
      Thread end = new Thread(() -> {
        awaitEndOfInput();
        scheduler.startGracefulShutdown();
      });
      end.setDaemon(true);
      end.start();
      scheduler.run();
    }
    System.exit(0); // threads of the KCL go on for a minute
  }

  private static Scheduler scheduler(Settings settings, KinesisAsyncClient kinesis,
      ConfigsBuilder configs) {
    LeaseManagementConfig leases = configs.leaseManagementConfig()
        .failoverTimeMillis(2000)
        .shardSyncIntervalMillis(1000);
    return new Scheduler(
        configs.checkpointConfig(),
        configs.coordinatorConfig()
            .parentShardPollIntervalMillis(500).shardConsumerDispatchPollIntervalMillis(200),
        Version.configure(leases),
        configs.lifecycleConfig(),
        configs.metricsConfig().metricsLevel(MetricsLevel.SUMMARY),
        configs.processorConfig(),
        configs.retrievalConfig().retrievalSpecificConfig(retrieval(settings, kinesis)));
  }

  private static RetrievalSpecificConfig retrieval(Settings settings, KinesisAsyncClient kinesis) {
    if (settings.fanOut()) {
      return new FanOutConfig(kinesis)
          .streamName(settings.stream()).applicationName(settings.application());
    }
    return new PollingConfig(settings.stream(), kinesis).idleTimeBetweenReadsInMillis(200);
  }

  private static void awaitEndOfInput() {
    try {
      while (System.in.read() >= 0) {
        // The driver writes nothing.
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
