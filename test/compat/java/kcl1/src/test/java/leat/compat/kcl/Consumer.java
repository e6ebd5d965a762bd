package leat.compat.kcl;

import com.amazonaws.auth.DefaultAWSCredentialsProviderChain;
import com.amazonaws.client.builder.AwsClientBuilder.EndpointConfiguration;
import com.amazonaws.services.cloudwatch.AmazonCloudWatchClientBuilder;
import com.amazonaws.services.kinesis.clientlibrary.lib.worker.InitialPositionInStream;
import com.amazonaws.services.kinesis.clientlibrary.lib.worker.KinesisClientLibConfiguration;
import com.amazonaws.services.kinesis.clientlibrary.lib.worker.Worker;
import com.amazonaws.services.kinesis.metrics.interfaces.MetricsLevel;
import java.io.IOException;
import java.io.UncheckedIOException;

/** A worker. It shuts down gracefully when its standard input ends. */
public final class Consumer {
  private Consumer() {}

  public static void main(String[] args) {
    Settings settings = Settings.ofProcess();
    String endpoint = System.getenv("AWS_ENDPOINT_URL");
    String region = System.getenv("AWS_REGION");
    KinesisClientLibConfiguration configuration = new KinesisClientLibConfiguration(
        settings.application(), settings.stream(), new DefaultAWSCredentialsProviderChain(),
        settings.worker())
        .withRegionName(region)
        .withKinesisEndpoint(endpoint)
        .withDynamoDBEndpoint(endpoint)
        .withInitialPositionInStream(InitialPositionInStream.TRIM_HORIZON)
        .withMetricsLevel(MetricsLevel.SUMMARY)
        .withFailoverTimeMillis(2000)
        .withShardSyncIntervalMillis(1000)
        .withParentShardPollIntervalMillis(500)
        .withIdleTimeBetweenReadsInMillis(200);
    Worker worker = new Worker.Builder()
        .config(configuration)
        .cloudWatchClient(AmazonCloudWatchClientBuilder.standard()
            .withEndpointConfiguration(new EndpointConfiguration(endpoint, region)).build())
        .recordProcessorFactory(Processor::new)
        .build();
    Thread end = new Thread(() -> {
      awaitEndOfInput();
      worker.startGracefulShutdown();
    });
    end.setDaemon(true);
    end.start();
    worker.run();
    System.exit(0); // threads of the KCL go on for a minute
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
