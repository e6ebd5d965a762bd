package leat.compat.kpl;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import leat.compat.Server;

/**
 * The user records of a test, in waves: a wave begins when all answers of the one before are
 * there, so that the user records of a key are in the order of their waves.
 */
final class Load {
  /** A user record, and what the KPL said about it. */
  record Sent(Put put, int wave, Answer answer) {}

  private static final int KEYS = 100;
  private static final int IN_FLIGHT = 1000;
  private static final int LARGE = 997; // One in so many of each large size, for any key.
  private static final BigInteger HIGHEST = BigInteger.TWO.pow(128).subtract(BigInteger.ONE);

  private final Kpl kpl;
  private final List<Sent> sent = new ArrayList<>();
  private int numbers;
  private int waves;

  Load(Kpl kpl) {
    this.kpl = kpl;
  }

  /** Returns all user records that have an answer. */
  List<Sent> sent() {
    return sent;
  }

  /** Puts a number of user records, and waits for all answers. */
  void wave(int count) throws Exception {
    wave(count, () -> {});
  }

  /** Puts one user record with the lowest hash key, and waits for its answer. */
  void one() throws Exception {
    Put put = new Put(numbers++, "key-0", hashKey(0), Put.LEAST);
    waves++;
    sent.add(new Sent(put, waves, answer(kpl.put(put))));
  }

  /** Puts half a number of user records, more until the event is over, and the other half. */
  void wave(int count, Background.Task event) throws Exception {
    List<Put> puts = new ArrayList<>();
    List<CompletableFuture<Answer>> answers = new ArrayList<>();
    Semaphore room = new Semaphore(IN_FLIGHT);
    CompletableFuture<Void> happening = null;
    for (int left = count; left > 0; ) {
      if (left == count / 2 && happening == null) {
        happening = Background.start(event);
      }
      if (happening == null || happening.isDone()) {
        left--;
      }
      if (!room.tryAcquire(Server.EVENT.toSeconds(), TimeUnit.SECONDS)) {
        throw new AssertionError("no answer within " + Server.EVENT + ": " + kpl.complaints());
      }
      Put put = next();
      puts.add(put);
      answers.add(kpl.put(put));
      answers.get(answers.size() - 1).whenComplete((answer, error) -> room.release());
    }
    happening.get(Server.EVENT.toSeconds(), TimeUnit.SECONDS);
    waves++;
    for (int i = 0; i < puts.size(); i++) {
      sent.add(new Sent(puts.get(i), waves, answer(answers.get(i))));
    }
  }

  private static Answer answer(CompletableFuture<Answer> coming) throws Exception {
    return coming.get(Server.EVENT.toSeconds(), TimeUnit.SECONDS);
  }

  /** Returns small user records for the most part, and hash keys for some of the keys. */
  private Put next() {
    int number = numbers++;
    int key = number % KEYS;
    return new Put(number, "key-" + key, key % 10 == 0 ? hashKey(key) : null, size(number));
  }

  /** Returns hash keys from the lowest to the highest. */
  private static String hashKey(int key) {
    return HIGHEST.multiply(BigInteger.valueOf(key)).divide(BigInteger.valueOf(KEYS - 10))
        .toString();
  }

  private static int size(int number) {
    return switch (number % LARGE) {
      case 111 -> 60_000; // More than what is aggregated.
      case 444 -> 300_000;
      case 777 -> 1_000_000;
      default -> Put.LEAST + number % 500;
    };
  }
}
