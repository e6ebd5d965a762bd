package leat.compat;

import static leat.compat.Session.SHARD;
import static leat.compat.Session.STREAM;
import static leat.compat.Session.refusal;
import static leat.compat.Session.text;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.http.ProtocolNegotiation;
import software.amazon.awssdk.services.kinesis.KinesisAsyncClient;
import software.amazon.awssdk.services.kinesis.model.ResourceNotFoundException;
import software.amazon.awssdk.services.kinesis.model.ShardIteratorType;
import software.amazon.awssdk.services.kinesis.model.StartingPosition;
import software.amazon.awssdk.services.kinesis.model.SubscribeToShardEvent;
import software.amazon.awssdk.services.kinesis.model.SubscribeToShardRequest;

/** HTTP/2 that is agreed upon by ALPN, which the SDK can since 2.30 when it is told to. */
class AlpnTest {
  @Test
  void recordsArePutGotAndPushed() throws Exception {
    try (Session s = new Session(AlpnTest::connect, "--limits", "off")) {
      String consumer = s.register(s.create(1), "c");
      s.put("1");
      assertEquals(List.of("1"), text(s.read(s.iterator(ShardIteratorType.TRIM_HORIZON), 1)));
      Subscription subscription = new Subscription(s.client, consumer, SHARD,
          StartingPosition.builder().type(ShardIteratorType.TRIM_HORIZON).build());
      assertEquals(List.of("1"), text(subscription.records(1)));
      assertEquals("",
          s.observer.received(SubscribeToShardRequest.class, "Transfer-Encoding"));
      s.client.splitShard(r -> r.streamName(STREAM).shardToSplit(SHARD)
          .newStartingHashKey("100000")).join();
      List<SubscribeToShardEvent> rest = subscription.rest();
      assertEquals(2, rest.get(rest.size() - 1).childShards().size());
      refusal(ResourceNotFoundException.class,
          s.client.describeStreamSummary(r -> r.streamName("t")));
    }
  }

  private static KinesisAsyncClient connect(Server server, ExecutionInterceptor observer) {
    return Transport.client(server.secureEndpoint(),
        Transport.http().tlsTrustManagersProvider(server::trust)
            .protocolNegotiation(ProtocolNegotiation.ALPN),
        observer);
  }
}
