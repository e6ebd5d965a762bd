package leat.compat.kcl;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * A leader that dies keeps its lock for two minutes, in which nobody assigns the shards that it had
 * to others. That is so with any DynamoDB: the other workers look at the lock every 30 s, and take
 * it when they have seen it unchanged for the 120 s of its duration.
 */
@EnabledIfSystemProperty(named = "long", matches = "true")
class LeaderTest {
  private static final Duration LOCK = Duration.ofSeconds(120);
  private static final Duration LOOK = Duration.ofSeconds(30);
  /** From having the lock to reading: two assignments, a discovery, and the steps of a consumer. */
  private static final Duration ASSIGN = Duration.ofSeconds(15);

  @Test
  void theLockOutlivesTheLeader() throws Exception {
    try (Scenario scenario = new Scenario(Version.TRAITS, Retrieval.POLLING)) {
      assertStall("leat", scenario.killTheLeader(false));
    }
  }

  @Test
  @EnabledIfSystemProperty(named = "dynamodb.local", matches = ".+")
  void theLockOutlivesTheLeaderOnDynamoDbLocal() throws Exception {
    try (DynamoDbLocal local = new DynamoDbLocal(System.getProperty("dynamodb.local"));
        Scenario scenario =
            new Scenario(Version.TRAITS, Retrieval.POLLING, local.endpoint())) {
      assertStall("DynamoDB Local", scenario.killTheLeader(false));
    }
  }

  private static void assertStall(String where, Duration taken) {
    System.out.println("3.5 killed leader on " + where + ": " + taken.toSeconds() + " s");
    assertTrue(taken.compareTo(LOCK.minus(LOOK)) > 0
        && taken.compareTo(LOCK.plus(LOOK).plus(LOOK).plus(ASSIGN)) < 0, taken::toString);
  }

  /** Removing the lock heals at once, that is when the next worker looks. */
  @Test
  void aLockCanBeRemoved() throws Exception {
    try (Scenario scenario = new Scenario(Version.TRAITS, Retrieval.POLLING)) {
      Duration taken = scenario.killTheLeader(true);
      System.out.println("3.5 killed leader, lock removed: " + taken.toSeconds() + " s");
      assertTrue(taken.compareTo(LOOK.plus(ASSIGN)) < 0, taken::toString);
    }
  }
}
