package leat.compat;

import static leat.compat.Session.SHARD;
import static leat.compat.Session.STREAM;
import static leat.compat.Session.assertRecent;
import static leat.compat.Session.refusal;
import static leat.compat.Session.text;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import software.amazon.awssdk.services.kinesis.model.ChildShard;
import software.amazon.awssdk.services.kinesis.model.ConsumerDescription;
import software.amazon.awssdk.services.kinesis.model.ConsumerStatus;
import software.amazon.awssdk.services.kinesis.model.Record;
import software.amazon.awssdk.services.kinesis.model.ResourceInUseException;
import software.amazon.awssdk.services.kinesis.model.ResourceNotFoundException;
import software.amazon.awssdk.services.kinesis.model.ShardIteratorType;
import software.amazon.awssdk.services.kinesis.model.StartingPosition;
import software.amazon.awssdk.services.kinesis.model.SubscribeToShardEvent;
import software.amazon.awssdk.services.kinesis.model.SubscribeToShardRequest;

/** Consumers with enhanced fan-out. */
class SubscribeTest {
  private static final StartingPosition TRIM_HORIZON = from(ShardIteratorType.TRIM_HORIZON);
  private static final String MIDDLE = BigInteger.TWO.pow(127).toString();

  @ParameterizedTest
  @EnumSource
  void consumersAreRegisteredAndDeregistered(Transport transport) throws Exception {
    try (Session s = new Session(transport, "--limits", "off")) {
      String stream = s.create(1);
      String arn = s.register(stream, "c");
      assertTrue(arn.startsWith(stream + "/consumer/c:"), arn);
      ConsumerDescription consumer = s.client.describeStreamConsumer(
          r -> r.streamARN(stream).consumerName("c")).join().consumerDescription();
      assertEquals(arn, consumer.consumerARN());
      assertEquals(ConsumerStatus.ACTIVE, consumer.consumerStatus());
      assertRecent(consumer.consumerCreationTimestamp());
      assertEquals(List.of("c"), s.client.listStreamConsumers(r -> r.streamARN(stream)).join()
          .consumers().stream().map(c -> c.consumerName()).toList());
      refusal(ResourceInUseException.class,
          s.client.registerStreamConsumer(r -> r.streamARN(stream).consumerName("c")));

      s.client.deregisterStreamConsumer(r -> r.consumerARN(arn)).join();
      assertEquals(List.of(),
          s.client.listStreamConsumers(r -> r.streamARN(stream)).join().consumers());
    }
  }

  @ParameterizedTest
  @EnumSource
  void recordsArePushedAndASplitLeadsToTheChildren(Transport transport) throws Exception {
    try (Session s = new Session(transport, "--limits", "off")) {
      String consumer = s.register(s.create(1), "c");
      s.put("1");
      Subscription parent = new Subscription(s.client, consumer, SHARD, TRIM_HORIZON);
      assertNotNull(parent.response().responseMetadata().requestId());
      assertNotNull(parent.response().responseMetadata().extendedRequestId());
      assertEquals(List.of("1"), text(parent.records(1)));
      String number = s.put("2").sequenceNumber();
      Record pushed = parent.records(1).get(0);
      assertEquals(number, pushed.sequenceNumber());
      assertRecent(pushed.approximateArrivalTimestamp());
      assertWire(s, transport);

      s.client.splitShard(r -> r.streamName(STREAM).shardToSplit(SHARD)
          .newStartingHashKey(MIDDLE)).join();
      List<SubscribeToShardEvent> rest = parent.rest();
      SubscribeToShardEvent last = rest.get(rest.size() - 1);
      assertNull(last.continuationSequenceNumber());
      assertEquals(List.of("shardId-000000000001", "shardId-000000000002"),
          last.childShards().stream().map(ChildShard::shardId).toList());
      for (ChildShard child : last.childShards()) {
        assertEquals(List.of(SHARD), child.parentShards());
        String key = child.hashKeyRange().startingHashKey();
        Subscription following =
            new Subscription(s.client, consumer, child.shardId(), TRIM_HORIZON);
        following.response();
        s.put("of " + key, key);
        assertEquals(List.of("of " + key), text(following.records(1)));
        following.cancel();
      }
    }
  }

  /** More than the windows of HTTP/2 and an event hold. */
  @ParameterizedTest
  @EnumSource
  void aBacklogArrivesInOrder(Transport transport) throws Exception {
    try (Session s = new Session(transport, "--limits", "off")) {
      String consumer = s.register(s.create(1), "c");
      List<String> payloads = IntStream.range(0, 12)
          .mapToObj(i -> Character.toString('a' + i).repeat(1_000_000)).toList();
      payloads.forEach(s::put);
      Subscription subscription = new Subscription(s.client, consumer, SHARD, TRIM_HORIZON);
      assertEquals(payloads, text(subscription.records(payloads.size())));
      subscription.cancel();
    }
  }

  /** An event comes before the client, which waits for ten seconds, takes the server for dead. */
  @Test
  void idleSubscriptionsAreKept() throws Exception {
    List<Session> sessions = new ArrayList<>();
    List<Subscription> subscriptions = new ArrayList<>();
    try {
      for (Transport transport : Transport.values()) {
        Session s = new Session(transport, "--limits", "off");
        sessions.add(s);
        String consumer = s.register(s.create(1), "c");
        subscriptions.add(new Subscription(s.client, consumer, SHARD, TRIM_HORIZON));
      }
      for (Subscription subscription : subscriptions) {
        for (int i = 0; i < 3; i++) {
          SubscribeToShardEvent event = subscription.event();
          assertEquals(List.of(), event.records());
          assertEquals(0, event.millisBehindLatest());
          assertNotNull(event.continuationSequenceNumber());
        }
        subscription.cancel();
      }
    } finally {
      for (Session s : sessions) {
        s.close();
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void aSubscriptionEndsAndIsContinued(Transport transport) throws Exception {
    try (Session s = new Session(transport, "--limits", "off", "--subscription-ttl", "1s")) {
      String stream = s.create(1);
      s.put("1");
      Subscription first =
          new Subscription(s.client, s.register(stream, "c"), SHARD, TRIM_HORIZON);
      SubscribeToShardEvent event = first.event();
      assertEquals(List.of("1"), text(event.records()));
      first.rest();
      s.put("2");
      StartingPosition next = from(ShardIteratorType.AFTER_SEQUENCE_NUMBER).copy(
          p -> p.sequenceNumber(event.continuationSequenceNumber()));
      // Another consumer: the first one has to wait for five seconds.
      Subscription second =
          new Subscription(s.client, s.register(stream, "d"), SHARD, next);
      assertEquals(List.of("2"), text(second.records(1)));
      second.cancel();
    }
  }

  @ParameterizedTest
  @EnumSource
  void subscriptionsAreRefusedWithTheirTypes(Transport transport) throws Exception {
    try (Session s = new Session(transport, "--limits", "off")) {
      String consumer = s.register(s.create(1), "c");
      Subscription first = new Subscription(s.client, consumer, SHARD, TRIM_HORIZON);
      first.response();
      refusal(ResourceInUseException.class,
          new Subscription(s.client, consumer, SHARD, TRIM_HORIZON).end());
      refusal(ResourceNotFoundException.class,
          new Subscription(s.client, consumer, "shardId-000000000009", TRIM_HORIZON).end());
      refusal(ResourceNotFoundException.class,
          new Subscription(s.client, consumer.replace("/c:", "/d:"), SHARD, TRIM_HORIZON).end());
      // An exception within the stream.
      s.client.deleteStream(r -> r.streamName(STREAM).enforceConsumerDeletion(true)).join();
      refusal(ResourceNotFoundException.class, first.end());
    }
  }

  private static StartingPosition from(ShardIteratorType type) {
    return StartingPosition.builder().type(type).build();
  }

  /** The subscription is asked for in JSON, although CBOR is on, and took the transport's protocol. */
  private static void assertWire(Session s, Transport transport) {
    Class<SubscribeToShardRequest> operation = SubscribeToShardRequest.class;
    assertEquals("application/x-amz-json-1.1", s.observer.sent(operation, "Content-Type"));
    assertEquals("application/vnd.amazon.eventstream",
        s.observer.received(operation, "Content-Type"));
    assertEquals(transport.isHttp1() ? "chunked" : "",
        s.observer.received(operation, "Transfer-Encoding"));
  }
}
