package leat.compat.kcl;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The scenario with this module's KCL: with both retrievals at once, or, when long, with each. */
class KclTest {
  @Test
  void workersShareAStream() throws Exception {
    run(Retrieval.MIXED);
  }

  @ParameterizedTest
  @EnumSource(names = {"POLLING", "FAN_OUT"})
  @EnabledIfSystemProperty(named = "long", matches = "true")
  void workersShareAStreamInOneWay(Retrieval retrieval) throws Exception {
    run(retrieval);
  }

  private static void run(Retrieval retrieval) throws Exception {
    try (Scenario scenario = new Scenario(Version.TRAITS, retrieval)) {
      System.out.println(scenario.run());
    }
  }
}
