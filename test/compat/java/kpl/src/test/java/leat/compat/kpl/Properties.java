package leat.compat.kpl;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import leat.compat.Server;

/** The properties file of a KPL, as a user writes it. */
final class Properties {
  private Properties() {}

  /** Writes the file for a server to a directory, with what it trusts beside it. */
  static Path write(Kpl.Version version, Server server, Path dir) throws Exception {
    Path authority = Files.createDirectories(dir.resolve("authority"));
    Files.write(authority.resolve("leat.pem"), server.authority());
    int port = URI.create(server.endpoint()).getPort();
    String own = switch (version) {
      case V0_15 -> {
        rehash(authority);
        yield "CaCertPath = " + authority;
      }
      case V1_0 -> "CaCertFile = " + authority.resolve("leat.pem");
      // Without a default it ignores the explicit hash keys of the first user records.
      case V1_1 -> "RecordDistributionStrategyDefault = USER_PARTITION_KEY\nCaCertFile = "
          + authority.resolve("leat.pem");
    };
    return Files.writeString(dir.resolve("kpl.properties"), """
        Region = us-east-1
        KinesisEndpoint = localhost
        KinesisPort = %1$d
        CloudwatchEndpoint = localhost
        CloudwatchPort = %1$d
        StsEndpoint = localhost
        StsPort = %1$d
        MetricsUploadDelay = 1000
        TempDirectory = %2$s
        %3$s
        """.formatted(port, Path.of("target").toAbsolutePath(), own));
  }

  private static void rehash(Path authority) throws IOException, InterruptedException {
    int status = new ProcessBuilder("openssl", "rehash", authority.toString()).inheritIO().start()
        .waitFor();
    if (status != 0) {
      throw new IllegalStateException("openssl rehash ended with status " + status);
    }
  }
}
