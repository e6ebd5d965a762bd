package leat.compat.kcl;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What happens to one record processor of a worker process, told on standard output: one JSON
 * object on a line for each event, with strings only. {@link Event} reads them.
 *
 * <pre>
 * {"event":"record","processor":"2","nanos":"81","shard":"shardId-0","sequence":"49","data":"7"}
 * </pre>
 *
 * <p>An event is told before the next step is taken: a record before its checkpoint, a checkpoint
 * when it is certain.
 */
public final class ShardJournal {
  private static final int RECORDS_PER_CHECKPOINT = 5;
  private static final AtomicInteger PROCESSORS = new AtomicInteger();

  /** A call of the KCL that stores a checkpoint. */
  public interface Checkpoint {
    void store() throws Exception;
  }

  private final int processor = PROCESSORS.incrementAndGet();
  private String shard;
  private String last;
  private int unstored;

  /** A shard will be read from behind a sequence number, or from where the KCL's word says. */
  public void initialized(String shardId, String sequence) {
    shard = shardId;
    last = sequence;
    tell("initialize", sequence, "");
  }

  /** A record has come. A few records make a checkpoint. */
  public void record(String sequence, ByteBuffer data, Checkpoint checkpoint) {
    last = sequence;
    tell("record", sequence, StandardCharsets.UTF_8.decode(data).toString());
    unstored++;
    if (unstored == RECORDS_PER_CHECKPOINT) {
      storeIfPossible(checkpoint);
    }
  }

  /** The shard has been read to its end. The KCL comes again when the checkpoint fails. */
  public void shardEnded(Checkpoint checkpoint) {
    tell("ended", last, "");
    try {
      checkpoint.store();
    } catch (Exception e) {
      throw new IllegalStateException("checkpoint of the end of " + shard, e);
    }
  }

  /** The lease is to be handed over, or the worker ends. Perhaps the shard was not yet read. */
  public void shutdownRequested(Checkpoint checkpoint) {
    if (shard == null) {
      return;
    }
    tell("requested", last, "");
    storeIfPossible(checkpoint);
  }

  /** Another worker has the lease. Perhaps the shard was not yet read. */
  public void leaseLost() {
    if (shard != null) {
      tell("lost", last, "");
    }
  }

  /** A checkpoint may fail: the lease has gone or the server is away. A later one does for it. */
  private void storeIfPossible(Checkpoint checkpoint) {
    unstored = 0;
    try {
      checkpoint.store();
      tell("checkpoint", last, "");
    } catch (Exception e) {
      tell("refused", last, e.getClass().getSimpleName());
    }
  }

  private void tell(String event, String sequence, String data) {
    String line = """
        {"event":"%s","processor":"%d","nanos":"%d","shard":"%s","sequence":"%s","data":"%s"}"""
        .formatted(event, processor, System.nanoTime(), shard, sequence, data);
    System.out.println(line);
  }
}
