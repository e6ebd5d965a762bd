package leat.compat.kpl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Compares what was put with what is read. */
final class Audit {
  private final Map<Integer, Load.Sent> sent = new HashMap<>();

  /** All user records have to be stored. */
  Audit(List<Load.Sent> sent) {
    sent.forEach(s -> this.sent.put(s.put().number(), s));
    assertEquals(List.of(), sent.stream().filter(s -> s.answer().error() != null).toList());
  }

  /** Checks that nothing is missing, and what {@link #sound} checks. */
  void whole(Collection<Delivery> deliveries) {
    sound(deliveries);
    assertEquals(List.of(), missing(deliveries));
  }

  /**
   * Checks that what was read was put: each place holds one user record, none comes more often
   * than the KPL has tried, and those of a key are in the order of their waves.
   */
  void sound(Collection<Delivery> deliveries) {
    Set<Delivery.Place> places = new HashSet<>();
    Map<String, Integer> waves = new HashMap<>();
    Map<Integer, Integer> times = new HashMap<>();
    List<Delivery> inOrder = new ArrayList<>(deliveries);
    inOrder.sort(Comparator.comparing(Delivery::place));
    for (Delivery delivery : inOrder) {
      Load.Sent origin = sent.get(delivery.number());
      assertEquals(origin.put().key(), delivery.key(), delivery::toString);
      assertEquals(origin.put().size(), delivery.size(), delivery::toString);
      assertTrue(places.add(delivery.place()), delivery::toString);
      assertTrue(times.merge(delivery.number(), 1, Integer::sum) <= origin.answer().attempts(),
          delivery::toString);
      Integer before = waves.put(delivery.key(), origin.wave());
      assertTrue(before == null || before <= origin.wave(), delivery::toString);
    }
  }

  /** Checks that the user records of each key, in whichever shards, were delivered in order. */
  void ordered(List<Delivery> deliveries) {
    Map<String, Delivery> last = new HashMap<>();
    for (Delivery delivery : deliveries) {
      Delivery before = last.put(delivery.key(), delivery);
      assertTrue(before == null || before.place().compareTo(delivery.place()) < 0,
          () -> delivery + " comes after " + before);
    }
  }

  /** Returns the user records that are not where the KPL was told that they are. */
  List<Load.Sent> missing(Collection<Delivery> deliveries) {
    Set<String> found = deliveries.stream()
        .map(d -> where(d.number(), d.place().shard(), d.place().sequenceNumber().toString()))
        .collect(Collectors.toSet());
    return sent.values().stream()
        .filter(s -> !found.contains(
            where(s.put().number(), s.answer().shard(), s.answer().sequenceNumber())))
        .toList();
  }

  private static String where(int number, String shard, String sequenceNumber) {
    return number + " in " + shard + " at " + sequenceNumber;
  }
}
