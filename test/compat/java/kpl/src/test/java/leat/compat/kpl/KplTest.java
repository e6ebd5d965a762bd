package leat.compat.kpl;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.List;
import leat.compat.Server;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What a KPL puts is read back, whatever happens in between. */
class KplTest {
  @TempDir Path dir;

  /** Returns all versions in a long run, and what is enough in a short one. */
  static List<Kpl.Version> versions() {
    return Boolean.getBoolean("long") ? List.of(Kpl.Version.values())
        : List.of(Kpl.Version.V0_15, Kpl.Version.V1_0);
  }

  @ParameterizedTest
  @EnumSource
  void userRecordsSurviveReshards(Kpl.Version version) throws Exception {
    try (Server server = Accounts.serve(dir);
        Stream stream = new Stream(server, 4);
        Consumer consumer = new Consumer(server, stream);
        Metrics metrics = new Metrics(server)) {
      Load load;
      try (Kpl kpl = new Kpl(version, Properties.write(version, server, dir))) {
        load = new Load(kpl);
        load.wave(2000);
        stream.split();
        load.one();
        load.wave(2000);
        load.wave(2000, stream::merge);
        load.wave(2000);
        metrics.awaitPut(version, load.sent().size());
        assertEquals(List.of(), kpl.complaints());
      }
      Audit audit = new Audit(load.sent());
      audit.whole(stream.userRecords());
      List<Delivery> delivered =
          consumer.await(deliveries -> audit.missing(deliveries).isEmpty());
      audit.whole(delivered);
      audit.ordered(delivered);
    }
  }

  /**
   * A KPL takes it for success when a user record has landed in the right child of its shard, also
   * when others of the same aggregate have not, and a KCL leaves out all of such an aggregate: at
   * AWS too, a split overtakes user records that are on their way. They are stored nevertheless.
   */
  @ParameterizedTest
  @MethodSource("versions")
  void aSplitMeetsAggregates(Kpl.Version version) throws Exception {
    try (Server server = Accounts.serve(dir); Stream stream = new Stream(server, 4)) {
      Load load;
      try (Kpl kpl = new Kpl(version, Properties.write(version, server, dir))) {
        load = new Load(kpl);
        load.wave(1000);
        load.wave(2000, stream::split);
      }
      Audit audit = new Audit(load.sent());
      audit.sound(stream.userRecords());
      assertEquals(List.of(), audit.missing(stream.allUserRecords()));
    }
  }

  @ParameterizedTest
  @MethodSource("versions")
  void userRecordsSurviveACrash(Kpl.Version version) throws Exception {
    try (Server server = Accounts.serve(dir); Stream stream = new Stream(server, 4)) {
      Load load;
      try (Kpl kpl = new Kpl(version, Properties.write(version, server, dir))) {
        load = new Load(kpl);
        load.wave(2000);
        load.wave(2000, () -> {
          server.kill();
          server.restart();
        });
        load.wave(2000);
      }
      new Audit(load.sent()).whole(stream.userRecords());
    }
  }
}
