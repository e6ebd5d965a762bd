package leat.compat.kcl;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Compares what all workers told with what is in the stream. Returns what is wrong, one sentence
 * each:
 *
 * <ul>
 *   <li>every record that was acknowledged is in the stream, and every record of the stream has
 *       been delivered;
 *   <li>each session had its shard's records in order and without a gap, from behind the checkpoint
 *       that it was given;
 *   <li>that checkpoint was the latest: not before one that was told, nor behind what was
 *       delivered;
 *   <li>a shard was not read before its parents' ends were reached.
 * </ul>
 */
final class Verdict {
  /** The KCL's checkpoint before all records. */
  private static final String TRIM_HORIZON = "TRIM_HORIZON";

  private final Contents contents;
  private final List<Session> sessions;
  private final List<String> wrong = new ArrayList<>();

  private Verdict(Contents contents, List<Session> sessions) {
    this.contents = contents;
    this.sessions = sessions;
  }

  static List<String> of(Contents contents, List<Session> sessions, Set<String> acknowledged) {
    Verdict verdict = new Verdict(contents, sessions);
    verdict.checkAcknowledged(acknowledged);
    contents.shards.forEach(verdict::checkShard);
    return verdict.wrong;
  }

  private void checkAcknowledged(Set<String> acknowledged) {
    Set<String> missing = new HashSet<>(acknowledged);
    contents.shards.values().forEach(log -> missing.removeAll(log.data()));
    if (!missing.isEmpty()) {
      wrong.add("acknowledged, but not in the stream: " + missing);
    }
  }

  private void checkShard(String shard, Contents.Log log) {
    List<Session> here = sessions.stream().filter(s -> s.shard.equals(shard)).toList();
    Set<String> missing = new HashSet<>(log.sequences());
    for (Session session : here) {
      session.records.forEach(mark -> missing.remove(mark.sequence()));
      checkOrder(session, log);
      checkStart(session, here);
      checkParents(session, log);
    }
    if (!missing.isEmpty()) {
      wrong.add("never delivered from " + shard + ": " + missing);
    }
  }

  private void checkOrder(Session session, Contents.Log log) {
    int at = 0;
    if (!session.start.sequence().equals(TRIM_HORIZON)) {
      at = log.sequences().indexOf(session.start.sequence()) + 1;
      if (at == 0) {
        wrong.add("started at a record that does not exist: " + session);
        return;
      }
    }
    List<String> got = session.records.stream().map(Session.Mark::sequence).toList();
    List<String> want = log.sequences().subList(at, log.sequences().size());
    if (got.size() > want.size() || !got.equals(want.subList(0, got.size()))) {
      wrong.add("records missing or out of order: " + session);
    }
    if (session.ended != 0 && got.size() != want.size()) {
      wrong.add("ended before the last record: " + session);
    }
  }

  /** The KCL may have stored a checkpoint which its worker had no time to tell. */
  private void checkStart(Session session, List<Session> here) {
    BigInteger start = position(session.start.sequence());
    long time = session.start.nanos();
    for (Session earlier : here) {
      for (Session.Mark checkpoint : earlier.checkpoints) {
        if (checkpoint.nanos() < time && position(checkpoint.sequence()).compareTo(start) > 0) {
          wrong.add("started before checkpoint " + checkpoint.sequence() + ": " + session);
          return;
        }
      }
    }
    boolean delivered = start.signum() == 0 || here.stream().flatMap(s -> s.records.stream())
        .anyMatch(r -> r.nanos() < time && r.sequence().equals(session.start.sequence()));
    if (!delivered) {
      wrong.add("started behind a record that nobody had: " + session);
    }
  }

  private void checkParents(Session session, Contents.Log log) {
    for (String parent : log.parents()) {
      boolean before = sessions.stream().anyMatch(s -> s.shard.equals(parent) && s.ended != 0
          && s.ended < session.start.nanos());
      if (!before) {
        wrong.add("read before its parent " + parent + " had ended: " + session);
      }
    }
  }

  private static BigInteger position(String sequence) {
    return sequence.equals(TRIM_HORIZON) ? BigInteger.ZERO : new BigInteger(sequence);
  }
}
