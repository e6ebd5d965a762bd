package leat.compat.kcl;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** What all workers told, in the order in which it was heard. */
final class Ledger {
  private final List<Session> sessions = new ArrayList<>();
  /** The session that goes on, by worker and processor. */
  private final Map<String, Session> current = new HashMap<>();
  private final Set<String> delivered = new HashSet<>();

  synchronized void add(Event event) {
    String processor = event.worker() + " " + event.processor();
    if (event.name().equals("initialize")) {
      Session session = new Session(event);
      sessions.add(session);
      current.put(processor, session);
    } else {
      current.get(processor).add(event);
      if (event.name().equals("record")) {
        delivered.add(event.data());
      }
    }
    notifyAll();
  }

  /** Returns the sessions so far, which no longer change once all workers have ended. */
  synchronized List<Session> sessions() {
    return List.copyOf(sessions);
  }

  /** Waits until what the workers told is as it should be. */
  synchronized void await(String what, Duration bound, Predicate<List<Session>> condition)
      throws InterruptedException {
    long deadline = System.nanoTime() + bound.toNanos();
    while (!condition.test(sessions)) {
      long left = deadline - System.nanoTime();
      if (left <= 0) {
        throw new AssertionError("not within " + bound + ": " + what + "; " + sessions.stream()
            .map(Session::toString).collect(Collectors.joining("; ")));
      }
      wait(Math.max(1, left / 1_000_000));
    }
  }

  /** Waits until every record has been delivered. */
  synchronized void awaitAll(Set<String> data, Duration bound) throws InterruptedException {
    await(data.size() + " records are delivered", bound, s -> delivered.containsAll(data));
  }

  /** Returns the shards that a worker reads, and has had records of. */
  synchronized Set<String> shardsOf(String worker) {
    return sessions.stream()
        .filter(s -> s.worker.equals(worker) && s.isOpen() && !s.records.isEmpty())
        .map(s -> s.shard).collect(Collectors.toSet());
  }
}
