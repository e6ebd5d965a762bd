package leat.compat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import software.amazon.awssdk.services.kinesis.KinesisAsyncClient;
import software.amazon.awssdk.services.kinesis.model.Record;
import software.amazon.awssdk.services.kinesis.model.StartingPosition;
import software.amazon.awssdk.services.kinesis.model.SubscribeToShardEvent;
import software.amazon.awssdk.services.kinesis.model.SubscribeToShardResponse;
import software.amazon.awssdk.services.kinesis.model.SubscribeToShardResponseHandler;

/** A subscription to a shard, with the events that have arrived and were not asked for yet. */
final class Subscription {
  private final CompletableFuture<SubscribeToShardResponse> response = new CompletableFuture<>();
  private final BlockingQueue<SubscribeToShardEvent> events = new LinkedBlockingQueue<>();
  private final CompletableFuture<Void> end;

  Subscription(KinesisAsyncClient client, String consumerArn, String shard,
      StartingPosition start) {
    end = client.subscribeToShard(
        r -> r.consumerARN(consumerArn).shardId(shard).startingPosition(start),
        SubscribeToShardResponseHandler.builder()
            .onResponse(response::complete)
            .subscriber(SubscribeToShardResponseHandler.Visitor.builder()
                .onSubscribeToShardEvent(events::add)
                .build())
            .build());
  }

  /** Waits for the head of the answer. */
  SubscribeToShardResponse response() throws Exception {
    return response.get(Server.EVENT.toSeconds(), TimeUnit.SECONDS);
  }

  SubscribeToShardEvent event() throws InterruptedException {
    SubscribeToShardEvent event = events.poll(Server.EVENT.toSeconds(), TimeUnit.SECONDS);
    if (event == null) {
      throw new AssertionError("no event within " + Server.EVENT);
    }
    return event;
  }

  /** Takes events until they brought the number of records. */
  List<Record> records(int count) throws Exception {
    List<Record> records = new ArrayList<>();
    return Server.eventually(() -> {
      records.addAll(event().records());
      return records.size() >= count ? Optional.of(records) : Optional.empty();
    });
  }

  /** Waits for the end of the subscription, and returns the events not taken before. */
  List<SubscribeToShardEvent> rest() throws Exception {
    end.get(Server.EVENT.toSeconds(), TimeUnit.SECONDS);
    return List.copyOf(events);
  }

  /** Completes with the subscription. */
  CompletableFuture<Void> end() {
    return end.orTimeout(Server.EVENT.toSeconds(), TimeUnit.SECONDS);
  }

  /** Gives the subscription up. */
  void cancel() {
    end.cancel(true);
  }
}
