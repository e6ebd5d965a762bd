package leat.compat;

import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.core.retry.backoff.FixedDelayBackoffStrategy;
import software.amazon.awssdk.core.waiters.WaiterOverrideConfiguration;
import software.amazon.awssdk.services.kinesis.KinesisAsyncClient;
import software.amazon.awssdk.services.kinesis.model.ConsumerStatus;
import software.amazon.awssdk.services.kinesis.model.GetRecordsResponse;
import software.amazon.awssdk.services.kinesis.model.GetShardIteratorRequest;
import software.amazon.awssdk.services.kinesis.model.PutRecordResponse;
import software.amazon.awssdk.services.kinesis.model.Record;
import software.amazon.awssdk.services.kinesis.model.ShardIteratorType;
import software.amazon.awssdk.services.kinesis.waiters.KinesisAsyncWaiter;

/** A server, a client of it, and what the tests do over and over. */
final class Session implements AutoCloseable {
  static final String STREAM = "s";
  static final String SHARD = "shardId-000000000000";

  /** How a client is made. */
  interface Connector {
    KinesisAsyncClient connect(Server server, ExecutionInterceptor observer);
  }

  final Observer observer = new Observer();
  final KinesisAsyncClient client;
  private final Server server;

  Session(Connector connector, String... flags) throws Exception {
    server = new Server(flags);
    client = connector.connect(server, observer);
  }

  @Override
  public void close() throws Exception {
    client.close();
    server.close();
  }

  /** Makes the stream, and returns its ARN once it is active. */
  String create(int shards) {
    client.createStream(r -> r.streamName(STREAM).shardCount(shards)).join();
    try (KinesisAsyncWaiter waiter = waiter()) {
      waiter.waitUntilStreamExists(r -> r.streamName(STREAM)).join();
    }
    return client.describeStreamSummary(r -> r.streamName(STREAM)).join()
        .streamDescriptionSummary().streamARN();
  }

  KinesisAsyncWaiter waiter() {
    return KinesisAsyncWaiter.builder()
        .client(client)
        .overrideConfiguration(WaiterOverrideConfiguration.builder()
            .maxAttempts(300)
            .backoffStrategy(FixedDelayBackoffStrategy.create(Duration.ofMillis(100)))
            .build())
        .build();
  }

  /** Registers a consumer, and returns its ARN once it is active. */
  String register(String streamArn, String name) throws Exception {
    String arn = client.registerStreamConsumer(r -> r.streamARN(streamArn).consumerName(name))
        .join().consumer().consumerARN();
    return Server.eventually(() -> {
      ConsumerStatus status = client.describeStreamConsumer(r -> r.consumerARN(arn))
          .join().consumerDescription().consumerStatus();
      return status == ConsumerStatus.ACTIVE ? Optional.of(arn) : Optional.empty();
    });
  }

  PutRecordResponse put(String payload) {
    return put(payload, "0");
  }

  PutRecordResponse put(String payload, String hashKey) {
    return client.putRecord(r -> r.streamName(STREAM).partitionKey("k").explicitHashKey(hashKey)
        .data(SdkBytes.fromUtf8String(payload))).join();
  }

  String iterator(ShardIteratorType type, Consumer<GetShardIteratorRequest.Builder> position) {
    return client.getShardIterator(r -> r.streamName(STREAM).shardId(SHARD)
        .shardIteratorType(type).applyMutation(position)).join().shardIterator();
  }

  String iterator(ShardIteratorType type) {
    return iterator(type, r -> {});
  }

  /** Reads on from an iterator until it has the number of records. */
  List<Record> read(String start, int count) throws Exception {
    List<Record> records = new ArrayList<>();
    String[] position = {start};
    return Server.eventually(() -> {
      GetRecordsResponse page = client.getRecords(r -> r.shardIterator(position[0])).join();
      records.addAll(page.records());
      position[0] = page.nextShardIterator();
      return records.size() >= count ? Optional.of(records) : Optional.empty();
    });
  }

  static List<String> text(List<Record> records) {
    return records.stream().map(r -> r.data().asUtf8String()).toList();
  }

  /** Returns the exception with which a call is refused. */
  static <E extends Exception> E refusal(Class<E> type, CompletableFuture<?> call) {
    return assertInstanceOf(type, assertThrows(CompletionException.class, call::join).getCause());
  }

  static void assertRecent(Instant time) {
    Duration age = Duration.between(time, Instant.now()).abs();
    assertTrue(age.compareTo(Duration.ofMinutes(1)) < 0, () -> time + " is not now");
  }
}
