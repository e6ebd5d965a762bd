package leat.compat.kcl;

import java.util.ArrayList;
import java.util.List;

/** One record processor's time with a shard, from its initialization on. Its ledger guards it. */
final class Session {
  /** A sequence number and when it was told. */
  record Mark(String sequence, long nanos) {}

  final String worker;
  final String shard;
  /** The checkpoint that the processor was given. */
  final Mark start;
  final List<Mark> records = new ArrayList<>();
  final List<String> data = new ArrayList<>();
  final List<Mark> checkpoints = new ArrayList<>();
  /** When the shard's end was reached, or 0. */
  long ended;
  /** Whether the processor was asked to hand over. */
  boolean requested;
  private boolean lost;

  Session(Event initialize) {
    worker = initialize.worker();
    shard = initialize.shard();
    start = new Mark(initialize.sequence(), initialize.nanos());
  }

  void add(Event event) {
    Mark mark = new Mark(event.sequence(), event.nanos());
    switch (event.name()) {
      case "record" -> {
        records.add(mark);
        data.add(event.data());
      }
      case "checkpoint" -> checkpoints.add(mark);
      case "ended" -> ended = event.nanos();
      case "requested" -> requested = true;
      case "lost" -> lost = true;
      case "refused" -> { }
      default -> throw new IllegalArgumentException(event.toString());
    }
  }

  /** Reports whether the processor has not been told that it is over. */
  boolean isOpen() {
    return ended == 0 && !requested && !lost;
  }

  /** Returns how far the processor came: its last record, or else where it started. */
  String reached() {
    return records.isEmpty() ? start.sequence() : records.get(records.size() - 1).sequence();
  }

  @Override
  public String toString() {
    return "%s of %s from %s, %d records to %s%s".formatted(shard, worker, start.sequence(),
        records.size(), reached(), isOpen() ? ", open" : "");
  }
}
