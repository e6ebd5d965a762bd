package leat.compat.kcl;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.util.Optional;
import leat.compat.Server;

/** AWS's own DynamoDB for tests, in memory, to see what a client does with it. */
final class DynamoDbLocal implements AutoCloseable {
  private final int port;
  private final Process process;

  /** Starts it from a directory with its JARs and native libraries. */
  DynamoDbLocal(String dir) throws Exception {
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    process = new ProcessBuilder(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-Djava.library.path=" + dir, "-cp", dir + "/*",
        "software.amazon.dynamodb.services.local.main.ServerRunner",
        "-inMemory", "-disableTelemetry", "-port", Integer.toString(port))
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .redirectError(ProcessBuilder.Redirect.DISCARD)
        .start();
    Server.eventually(this::answer);
  }

  private Optional<Boolean> answer() {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress("127.0.0.1", port));
      return Optional.of(true);
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  String endpoint() {
    return "http://127.0.0.1:" + port;
  }

  @Override
  public void close() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }
}
