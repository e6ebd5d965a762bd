package leat.compat;

import static leat.compat.Session.SHARD;
import static leat.compat.Session.STREAM;
import static leat.compat.Session.at;
import static leat.compat.Session.text;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.amazonaws.services.kinesis.model.ChildShard;
import com.amazonaws.services.kinesis.model.Consumer;
import com.amazonaws.services.kinesis.model.DescribeStreamConsumerRequest;
import com.amazonaws.services.kinesis.model.DescribeStreamSummaryRequest;
import com.amazonaws.services.kinesis.model.GetRecordsResult;
import com.amazonaws.services.kinesis.model.ProvisionedThroughputExceededException;
import com.amazonaws.services.kinesis.model.PutRecordRequest;
import com.amazonaws.services.kinesis.model.PutRecordResult;
import com.amazonaws.services.kinesis.model.PutRecordsRequest;
import com.amazonaws.services.kinesis.model.PutRecordsRequestEntry;
import com.amazonaws.services.kinesis.model.PutRecordsResult;
import com.amazonaws.services.kinesis.model.Record;
import com.amazonaws.services.kinesis.model.RegisterStreamConsumerRequest;
import com.amazonaws.services.kinesis.model.ResourceNotFoundException;
import com.amazonaws.services.kinesis.model.ShardIteratorType;
import com.amazonaws.services.kinesis.model.StreamDescriptionSummary;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the SDK v1 can: everything but to subscribe. */
class KinesisTest {
  @ParameterizedTest
  @EnumSource
  void aRecordIsReadBackInCbor(Session.Transport transport) throws Exception {
    try (Session s = new Session(transport, "--limits", "off")) {
      s.create(1);
      byte[] everyByte = new byte[256];
      IntStream.range(0, 256).forEach(i -> everyByte[i] = (byte) i);
      PutRecordResult put = s.client.putRecord(new PutRecordRequest().withStreamName(STREAM)
          .withPartitionKey("schlüssel").withData(ByteBuffer.wrap(everyByte)));
      assertEquals(SHARD, put.getShardId());
      assertFalse(put.getSdkResponseMetadata().getRequestId().isEmpty());

      GetRecordsResult got =
          s.page(s.client.getShardIterator(at(SHARD, ShardIteratorType.TRIM_HORIZON))
              .getShardIterator());
      assertEquals(1, got.getRecords().size());
      Record record = got.getRecords().get(0);
      assertArrayEquals(everyByte, record.getData().array());
      assertEquals("schlüssel", record.getPartitionKey());
      assertEquals(put.getSequenceNumber(), record.getSequenceNumber());
      assertRecent(record.getApproximateArrivalTimestamp());
      assertEquals(0, got.getMillisBehindLatest());
      assertEquals(Set.of("application/x-amz-cbor-1.1"), s.contentTypes());
    }
  }

  @ParameterizedTest
  @EnumSource
  void aBatchKeepsItsOrderAndIsRoutedByKey(Session.Transport transport) throws Exception {
    try (Session s = new Session(transport, "--limits", "off")) {
      s.create(3);
      List<String> keys = List.of("a", "b", "e");
      List<PutRecordsRequestEntry> entries = IntStream.range(0, 498)
          .mapToObj(i -> new PutRecordsRequestEntry().withPartitionKey(keys.get(i % 3))
              .withData(bytes(keys.get(i % 3) + i / 3)))
          .toList();
      PutRecordsResult put = s.client.putRecords(
          new PutRecordsRequest().withStreamName(STREAM).withRecords(entries));
      assertEquals(0, put.getFailedRecordCount());
      assertEquals(entries.size(), put.getRecords().size());
      for (int i = 0; i < keys.size(); i++) {
        String key = keys.get(i);
        List<Record> records =
            s.read(at("shardId-00000000000" + i, ShardIteratorType.TRIM_HORIZON), 166);
        assertEquals(IntStream.range(0, 166).mapToObj(n -> key + n).toList(), text(records));
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void fiveIteratorTypes(Session.Transport transport) throws Exception {
    try (Session s = new Session(transport, "--limits", "off")) {
      s.create(1);
      String number = s.put("1").getSequenceNumber();
      Date first = s.read(at(SHARD, ShardIteratorType.TRIM_HORIZON), 1).get(0)
          .getApproximateArrivalTimestamp();
      // Arrivals have milliseconds: put until one is later than the first.
      Record later = Server.eventually(() -> {
        String put = s.put("2").getSequenceNumber();
        Record record = s.read(at(SHARD, ShardIteratorType.AT_SEQUENCE_NUMBER)
            .withStartingSequenceNumber(put), 1).get(0);
        return record.getApproximateArrivalTimestamp().after(first)
            ? Optional.of(record) : Optional.empty();
      });
      String latest = s.client.getShardIterator(at(SHARD, ShardIteratorType.LATEST))
          .getShardIterator();

      assertEquals(number, s.read(at(SHARD, ShardIteratorType.TRIM_HORIZON), 1).get(0)
          .getSequenceNumber());
      assertEquals(number, s.read(at(SHARD, ShardIteratorType.AT_SEQUENCE_NUMBER)
          .withStartingSequenceNumber(number), 1).get(0).getSequenceNumber());
      assertEquals("2", text(s.read(at(SHARD, ShardIteratorType.AFTER_SEQUENCE_NUMBER)
          .withStartingSequenceNumber(number), 1)).get(0));
      assertEquals(later.getSequenceNumber(), s.read(at(SHARD, ShardIteratorType.AT_TIMESTAMP)
          .withTimestamp(later.getApproximateArrivalTimestamp()), 1).get(0).getSequenceNumber());
      s.put("3");
      assertEquals(List.of("3"), text(s.read(latest, 1)));
    }
  }

  @ParameterizedTest
  @EnumSource
  void aReaderFollowsASplit(Session.Transport transport) throws Exception {
    try (Session s = new Session(transport, "--limits", "off")) {
      s.create(1);
      s.put("before");
      s.client.splitShard(STREAM, SHARD, BigInteger.TWO.pow(127).toString());
      s.put("after");
      String[] position = {
        s.client.getShardIterator(at(SHARD, ShardIteratorType.TRIM_HORIZON)).getShardIterator()
      };
      GetRecordsResult last = Server.eventually(() -> {
        GetRecordsResult page = s.page(position[0]);
        position[0] = page.getNextShardIterator();
        return position[0] == null ? Optional.of(page) : Optional.empty();
      });
      assertEquals(List.of("shardId-000000000001", "shardId-000000000002"),
          last.getChildShards().stream().map(ChildShard::getShardId).toList());
      assertEquals(List.of("after"),
          text(s.read(at("shardId-000000000001", ShardIteratorType.TRIM_HORIZON), 1)));
    }
  }

  @ParameterizedTest
  @EnumSource
  void aConsumerIsRegistered(Session.Transport transport) throws Exception {
    try (Session s = new Session(transport, "--limits", "off")) {
      s.create(1);
      String stream = summary(s).getStreamARN();
      Consumer consumer = s.client.registerStreamConsumer(new RegisterStreamConsumerRequest()
          .withStreamARN(stream).withConsumerName("c")).getConsumer();
      assertEquals("CREATING", consumer.getConsumerStatus());
      assertRecent(consumer.getConsumerCreationTimestamp());
      Server.eventually(() -> s.client.describeStreamConsumer(new DescribeStreamConsumerRequest()
          .withConsumerARN(consumer.getConsumerARN())).getConsumerDescription()
          .getConsumerStatus().equals("ACTIVE") ? Optional.of(true) : Optional.empty());
    }
  }

  @ParameterizedTest
  @EnumSource
  void waitersSeeTransitions(Session.Transport transport) throws Exception {
    try (Session s = new Session(transport, "--limits", "off", "--transition-delay", "300ms")) {
      s.client.createStream(STREAM, 1);
      assertEquals("CREATING", summary(s).getStreamStatus());
      s.waitUntil(s.client.waiters().streamExists());
      assertEquals("ACTIVE", summary(s).getStreamStatus());
      assertRecent(summary(s).getStreamCreationTimestamp());
      s.client.deleteStream(STREAM);
      assertEquals("DELETING", summary(s).getStreamStatus());
      s.waitUntil(s.client.waiters().streamNotExists());
    }
  }

  @ParameterizedTest
  @EnumSource
  void errorsHaveTheirTypes(Session.Transport transport) throws Exception {
    try (Session s = new Session(transport)) {
      ResourceNotFoundException absent =
          assertThrows(ResourceNotFoundException.class, () -> summary(s));
      assertEquals("Stream s under account 000000000000 not found.", absent.getErrorMessage());
      assertEquals("ResourceNotFoundException", absent.getErrorCode());
      assertEquals(400, absent.getStatusCode());
      assertFalse(absent.getRequestId().isEmpty());

      s.create(1);
      byte[] payload = new byte[(1 << 20) - 1];
      ProvisionedThroughputExceededException rate =
          assertThrows(ProvisionedThroughputExceededException.class, () -> {
            for (int i = 0; i < 8; i++) {
              s.client.putRecord(STREAM, ByteBuffer.wrap(payload), "k");
            }
          });
      assertEquals("Rate exceeded for shard " + SHARD + " in stream s under account 000000000000.",
          rate.getErrorMessage());
    }
  }

  private static StreamDescriptionSummary summary(Session s) {
    return s.client.describeStreamSummary(new DescribeStreamSummaryRequest().withStreamName(STREAM))
        .getStreamDescriptionSummary();
  }

  private static ByteBuffer bytes(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
  }

  private static void assertRecent(Date time) {
    Duration age = Duration.between(time.toInstant(), Instant.now()).abs();
    assertTrue(age.compareTo(Duration.ofMinutes(1)) < 0, () -> time + " is not now");
  }
}
