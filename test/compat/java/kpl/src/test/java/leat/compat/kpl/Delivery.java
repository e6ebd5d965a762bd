package leat.compat.kpl;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.math.BigInteger;
import java.nio.ByteBuffer;
import software.amazon.kinesis.retrieval.KinesisClientRecord;

/** A user record as a consumer sees it: what it is, and its place. */
record Delivery(int number, String key, int size, Place place) {
  /** What no two user records share. */
  record Place(String shard, BigInteger sequenceNumber, long subSequenceNumber)
      implements Comparable<Place> {
    /** Orders the places of one key: a child's sequence numbers are above its parents'. */
    @Override
    public int compareTo(Place other) {
      int order = sequenceNumber.compareTo(other.sequenceNumber);
      return order != 0 ? order : Long.compare(subSequenceNumber, other.subSequenceNumber);
    }
  }

  /** Returns what a record holds, whose every byte has to be as it was put. */
  static Delivery of(String shard, KinesisClientRecord record) {
    ByteBuffer data = record.data().duplicate();
    Put put = new Put(Put.number(data), record.partitionKey(), null, data.remaining());
    assertEquals(put.data(), data);
    return new Delivery(put.number(), put.key(), put.size(), new Place(shard,
        new BigInteger(record.sequenceNumber()), record.subSequenceNumber()));
  }
}
