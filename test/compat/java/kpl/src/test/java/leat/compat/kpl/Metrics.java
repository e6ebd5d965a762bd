package leat.compat.kpl;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import leat.compat.Server;
import software.amazon.awssdk.services.cloudwatch.CloudWatchAsyncClient;
import software.amazon.awssdk.services.cloudwatch.model.Datapoint;
import software.amazon.awssdk.services.cloudwatch.model.Statistic;

/** What a KPL has told a server's CloudWatch about a stream. */
final class Metrics implements AutoCloseable {
  private static final Duration HOUR = Duration.ofHours(1);

  private final CloudWatchAsyncClient client;

  Metrics(Server server) {
    client = Stream.connect(CloudWatchAsyncClient.builder(), server.endpoint()).build();
  }

  @Override
  public void close() {
    client.close();
  }

  /**
   * Waits until all user records are counted. A KPL uploads once a second; before 1.0 it uploads
   * each time what it has counted since it started.
   */
  void awaitPut(Kpl.Version version, int count) throws Exception {
    Server.eventually(() -> {
      double sum = sum("UserRecordsPut");
      return sum == count || version == Kpl.Version.V0_15 && sum > count
          ? Optional.of(sum) : Optional.empty();
    });
  }

  private double sum(String metric) {
    return client.getMetricStatistics(r -> r.namespace("KinesisProducerLibrary").metricName(metric)
            .dimensions(d -> d.name("StreamName").value(Stream.NAME))
            .startTime(Instant.now().minus(HOUR)).endTime(Instant.now().plus(HOUR)).period(60)
            .statistics(Statistic.SUM)).join()
        .datapoints().stream().mapToDouble(Datapoint::sum).sum();
  }
}
