package leat.compat;

import static leat.compat.Session.SHARD;
import static leat.compat.Session.STREAM;
import static leat.compat.Session.assertRecent;
import static leat.compat.Session.refusal;
import static leat.compat.Session.text;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.kinesis.model.GetRecordsRequest;
import software.amazon.awssdk.services.kinesis.model.GetRecordsResponse;
import software.amazon.awssdk.services.kinesis.model.ProvisionedThroughputExceededException;
import software.amazon.awssdk.services.kinesis.model.PutRecordRequest;
import software.amazon.awssdk.services.kinesis.model.PutRecordResponse;
import software.amazon.awssdk.services.kinesis.model.PutRecordsRequestEntry;
import software.amazon.awssdk.services.kinesis.model.PutRecordsResponse;
import software.amazon.awssdk.services.kinesis.model.Record;
import software.amazon.awssdk.services.kinesis.model.ResourceNotFoundException;
import software.amazon.awssdk.services.kinesis.model.ShardIteratorType;
import software.amazon.awssdk.services.kinesis.model.StreamDescriptionSummary;
import software.amazon.awssdk.services.kinesis.model.StreamStatus;

/** Streams, records and errors. */
class RecordsTest {
  private static final String CBOR = "application/x-amz-cbor-1.1";

  @ParameterizedTest
  @EnumSource
  void aRecordIsReadBack(Transport transport) throws Exception {
    try (Session s = new Session(transport, "--limits", "off")) {
      s.create(1);
      byte[] everyByte = new byte[256];
      IntStream.range(0, 256).forEach(i -> everyByte[i] = (byte) i);
      PutRecordResponse put = s.client.putRecord(r -> r.streamName(STREAM)
          .partitionKey("schlüssel").data(SdkBytes.fromByteArray(everyByte))).join();
      assertEquals(SHARD, put.shardId());
      assertFalse(put.responseMetadata().requestId().isEmpty());
      assertFalse(put.responseMetadata().extendedRequestId().isEmpty());

      String start = s.iterator(ShardIteratorType.TRIM_HORIZON);
      GetRecordsResponse got = s.client.getRecords(r -> r.shardIterator(start)).join();
      assertEquals(1, got.records().size());
      Record record = got.records().get(0);
      assertArrayEquals(everyByte, record.data().asByteArray());
      assertEquals("schlüssel", record.partitionKey());
      assertEquals(put.sequenceNumber(), record.sequenceNumber());
      assertRecent(record.approximateArrivalTimestamp());
      assertEquals(0, got.millisBehindLatest());
      assertNotNull(got.nextShardIterator());

      assertEquals(CBOR, s.observer.sent(PutRecordRequest.class, "Content-Type"));
      assertEquals(CBOR, s.observer.received(PutRecordRequest.class, "Content-Type"));
      assertEquals(CBOR, s.observer.received(GetRecordsRequest.class, "Content-Type"));
    }
  }

  @ParameterizedTest
  @EnumSource
  void aBatchKeepsItsOrderAndIsRoutedByKey(Transport transport) throws Exception {
    try (Session s = new Session(transport, "--limits", "off")) {
      s.create(3);
      List<String> keys = List.of("a", "b", "e");
      List<PutRecordsRequestEntry> entries = IntStream.range(0, 498)
          .mapToObj(i -> PutRecordsRequestEntry.builder().partitionKey(keys.get(i % 3))
              .data(SdkBytes.fromUtf8String(keys.get(i % 3) + i / 3)).build())
          .toList();
      PutRecordsResponse put =
          s.client.putRecords(r -> r.streamName(STREAM).records(entries)).join();
      assertEquals(0, put.failedRecordCount());
      assertEquals(entries.size(), put.records().size());
      for (int i = 0; i < keys.size(); i++) {
        String key = keys.get(i);
        String shard = "shardId-00000000000" + i;
        List<Record> records =
            s.read(s.iterator(ShardIteratorType.TRIM_HORIZON, r -> r.shardId(shard)), 166);
        assertEquals(IntStream.range(0, 166).mapToObj(n -> key + n).toList(), text(records));
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void fiveIteratorTypes(Transport transport) throws Exception {
    try (Session s = new Session(transport, "--limits", "off")) {
      s.create(1);
      String number = s.put("1").sequenceNumber();
      Instant first = s.read(s.iterator(ShardIteratorType.TRIM_HORIZON), 1).get(0)
          .approximateArrivalTimestamp();
      // Arrivals have milliseconds: put until one is later than the first.
      Record later = Server.eventually(() -> {
        String put = s.put("2").sequenceNumber();
        Record record = s.read(s.iterator(ShardIteratorType.AT_SEQUENCE_NUMBER,
            r -> r.startingSequenceNumber(put)), 1).get(0);
        return record.approximateArrivalTimestamp().isAfter(first)
            ? Optional.of(record) : Optional.empty();
      });
      String latest = s.iterator(ShardIteratorType.LATEST);

      assertEquals(number, s.read(s.iterator(ShardIteratorType.TRIM_HORIZON), 1).get(0)
          .sequenceNumber());
      assertEquals(number, s.read(s.iterator(ShardIteratorType.AT_SEQUENCE_NUMBER,
          r -> r.startingSequenceNumber(number)), 1).get(0).sequenceNumber());
      assertEquals("2", text(s.read(s.iterator(ShardIteratorType.AFTER_SEQUENCE_NUMBER,
          r -> r.startingSequenceNumber(number)), 1)).get(0));
      assertEquals(later.sequenceNumber(), s.read(s.iterator(ShardIteratorType.AT_TIMESTAMP,
          r -> r.timestamp(later.approximateArrivalTimestamp())), 1).get(0).sequenceNumber());
      s.put("3");
      assertEquals(List.of("3"), text(s.read(latest, 1)));
    }
  }

  @ParameterizedTest
  @EnumSource
  void waitersSeeTransitions(Transport transport) throws Exception {
    try (Session s = new Session(transport, "--limits", "off", "--transition-delay", "300ms")) {
      s.client.createStream(r -> r.streamName(STREAM).shardCount(1)).join();
      assertEquals(StreamStatus.CREATING, summary(s).streamStatus());
      try (var waiter = s.waiter()) {
        waiter.waitUntilStreamExists(r -> r.streamName(STREAM)).join();
        StreamDescriptionSummary active = summary(s);
        assertEquals(StreamStatus.ACTIVE, active.streamStatus());
        assertRecent(active.streamCreationTimestamp());
        s.client.deleteStream(r -> r.streamName(STREAM)).join();
        assertEquals(StreamStatus.DELETING, summary(s).streamStatus());
        waiter.waitUntilStreamNotExists(r -> r.streamName(STREAM)).join();
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void anUnknownStreamIsNotFound(Transport transport) throws Exception {
    try (Session s = new Session(transport)) {
      ResourceNotFoundException refused = refusal(ResourceNotFoundException.class,
          s.client.describeStreamSummary(r -> r.streamName(STREAM)));
      assertEquals("Stream s under account 000000000000 not found.",
          refused.awsErrorDetails().errorMessage());
      assertEquals(400, refused.statusCode());
      assertFalse(refused.requestId().isEmpty());
      assertFalse(refused.extendedRequestId().isEmpty());
    }
  }

  @ParameterizedTest
  @EnumSource
  void aShardHasItsRates(Transport transport) throws Exception {
    try (Session s = new Session(transport)) {
      s.create(1);
      SdkBytes payload = SdkBytes.fromByteArray(new byte[(1 << 20) - 1]);
      List<CompletableFuture<PutRecordResponse>> puts = IntStream.range(0, 8)
          .mapToObj(i -> s.client.putRecord(
              r -> r.streamName(STREAM).partitionKey("k").data(payload)))
          .toList();
      List<CompletableFuture<PutRecordResponse>> refused = puts.stream()
          .filter(put -> put.handle((answer, err) -> err != null).join()).toList();
      assertTrue(!refused.isEmpty() && refused.size() < puts.size());
      for (CompletableFuture<PutRecordResponse> put : refused) {
        assertEquals("Rate exceeded for shard " + SHARD + " in stream s under account 000000000000.",
            refusal(ProvisionedThroughputExceededException.class, put)
                .awsErrorDetails().errorMessage());
      }
    }
  }

  private static StreamDescriptionSummary summary(Session s) {
    return s.client.describeStreamSummary(r -> r.streamName(STREAM)).join()
        .streamDescriptionSummary();
  }
}
