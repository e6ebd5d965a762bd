package leat.compat.kcl;

import org.junit.jupiter.api.Test;

/** The scenario with KCL 1, which only polls. */
class KclTest {
  @Test
  void workersShareAStream() throws Exception {
    try (Scenario scenario =
        new Scenario(new Scenario.Traits("1.15", false, false), Retrieval.POLLING)) {
      System.out.println(scenario.run());
    }
  }
}
