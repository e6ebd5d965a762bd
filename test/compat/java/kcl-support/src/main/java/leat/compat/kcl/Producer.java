package leat.compat.kcl;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.kinesis.KinesisClient;
import software.amazon.awssdk.services.kinesis.model.PutRecordsRequestEntry;
import software.amazon.awssdk.services.kinesis.model.PutRecordsResponse;

/**
 * Puts numbered records, a hundred a second, from the time it is made. What fails is put again, so
 * that a number may be there twice.
 */
final class Producer implements AutoCloseable {
  private static final int BATCH = 10;
  private static final Duration PERIOD = Duration.ofMillis(100);
  private static final Duration END = Duration.ofSeconds(30);

  private final KinesisClient client;
  private final String stream;
  private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor();
  private final AtomicInteger failures = new AtomicInteger();
  private final Set<String> acknowledged = new HashSet<>();
  private List<String> pending = List.of();
  private int next;

  Producer(KinesisClient client, String stream) {
    this.client = client;
    this.stream = stream;
    thread.scheduleWithFixedDelay(this::put, 0, PERIOD.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void put() {
    if (pending.isEmpty()) {
      pending = new ArrayList<>();
      for (int i = 0; i < BATCH; i++) {
        pending.add(Integer.toString(next++));
      }
    }
    try {
      PutRecordsResponse answer = client.putRecords(r -> r.streamName(stream)
          .records(pending.stream().map(Producer::entry).toList()));
      List<String> again = new ArrayList<>();
      synchronized (acknowledged) {
        for (int i = 0; i < pending.size(); i++) {
          if (answer.records().get(i).errorCode() == null) {
            acknowledged.add(pending.get(i));
          } else {
            again.add(pending.get(i));
          }
        }
      }
      pending = again;
    } catch (SdkException e) {
      failures.incrementAndGet();
    }
  }

  private static PutRecordsRequestEntry entry(String number) {
    return PutRecordsRequestEntry.builder()
        .partitionKey(number).data(SdkBytes.fromUtf8String(number)).build();
  }

  /** Returns how many calls have failed. */
  int failures() {
    return failures.get();
  }

  /** Returns the records that the server has acknowledged. */
  Set<String> acknowledged() {
    synchronized (acknowledged) {
      return Set.copyOf(acknowledged);
    }
  }

  /** Puts no more. */
  @Override
  public void close() throws InterruptedException {
    thread.shutdown();
    if (!thread.awaitTermination(END.toSeconds(), TimeUnit.SECONDS)) {
      throw new IllegalStateException("the producer does not end");
    }
  }
}
