package leat.compat.kcl;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import software.amazon.awssdk.services.kinesis.KinesisClient;
import software.amazon.awssdk.services.kinesis.model.GetRecordsResponse;
import software.amazon.awssdk.services.kinesis.model.Shard;
import software.amazon.awssdk.services.kinesis.model.ShardIteratorType;

/** The shards of a stream to which nobody writes, each with all its records in order. */
final class Contents {
  /** A shard's parents, and its records' sequence numbers and payloads. */
  record Log(List<String> parents, List<String> sequences, List<String> data) {}

  final Map<String, Log> shards = new HashMap<>();

  Contents(KinesisClient client, String stream) {
    for (Shard shard : client.listShards(r -> r.streamName(stream)).shards()) {
      List<String> parents = new ArrayList<>();
      if (shard.parentShardId() != null) {
        parents.add(shard.parentShardId());
      }
      if (shard.adjacentParentShardId() != null) {
        parents.add(shard.adjacentParentShardId());
      }
      Log log = new Log(parents, new ArrayList<>(), new ArrayList<>());
      read(client, stream, shard.shardId(), log);
      shards.put(shard.shardId(), log);
    }
  }

  private static void read(KinesisClient client, String stream, String shard, Log log) {
    String next = client.getShardIterator(r -> r.streamName(stream).shardId(shard)
        .shardIteratorType(ShardIteratorType.TRIM_HORIZON)).shardIterator();
    while (next != null) {
      String iterator = next;
      GetRecordsResponse page = client.getRecords(r -> r.shardIterator(iterator));
      page.records().forEach(record -> {
        log.sequences().add(record.sequenceNumber());
        log.data().add(record.data().asUtf8String());
      });
      boolean atTip = page.records().isEmpty() && page.millisBehindLatest() == 0;
      next = atTip ? null : page.nextShardIterator();
    }
  }
}
