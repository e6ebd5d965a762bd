package leat.compat;

import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;

/** A leat process, ready to be used, with a data directory of its own. */
public final class Server implements AutoCloseable {
  /** How long a test waits for an event that is certain to come. */
  public static final Duration EVENT = Duration.ofSeconds(30);

  private static final String READY = "leat is ready on ";

  private final Path dir;
  private final List<String> flags;
  private final String endpoint;
  private Process process;

  /** Starts a server with flags beside those that every test wants. */
  public Server(String... flags) throws Exception {
    dir = Files.createTempDirectory("leat-java-");
    this.flags = List.of(flags);
    endpoint = start("127.0.0.1:0");
  }

  /** Ends the process with SIGKILL. */
  public void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  /** Starts the server that was killed again, on its port and its data. */
  public void restart() throws Exception {
    start(URI.create(endpoint).getAuthority());
  }

  private String start(String address) throws Exception {
    List<String> command = new ArrayList<>(List.of(binary(), "serve", "--listen", address,
        "--data-dir", dir.toString(), "--log-level", "warn"));
    command.addAll(flags);
    process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    return endpointWhenReady();
  }

  /** Returns the URL of the server for clear text. */
  public String endpoint() {
    return endpoint;
  }

  /** Returns the URL of the server, at the same port, for TLS. */
  public String secureEndpoint() {
    return endpoint.replaceFirst("^http:", "https:");
  }

  /** Returns the certificate of the server's own authority, as PEM. */
  public byte[] authority() throws IOException {
    Process ca = new ProcessBuilder(binary(), "tls", "ca", "--data-dir", dir.toString())
        .redirectError(ProcessBuilder.Redirect.INHERIT).start();
    try (InputStream pem = ca.getInputStream()) {
      return pem.readAllBytes();
    }
  }

  /** Returns trust in the server's own authority, and in no other. */
  public TrustManager[] trust() {
    try {
      KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
      store.load(null, null);
      store.setCertificateEntry("leat", CertificateFactory.getInstance("X.509")
          .generateCertificate(new ByteArrayInputStream(authority())));
      TrustManagerFactory factory =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      factory.init(store);
      return factory.getTrustManagers();
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalStateException("leat tls ca", e);
    }
  }

  /** Returns a context with the trust of {@link #trust}. */
  public SSLContext context() throws GeneralSecurityException {
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust(), null);
    return context;
  }

  /** Ends the process in an orderly way. */
  @Override
  public void close() throws IOException, InterruptedException {
    process.destroy();
    if (!process.waitFor(EVENT.toSeconds(), TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new IllegalStateException("leat does not end");
    }
    try (Stream<Path> files = Files.walk(dir)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
    if (process.exitValue() != 0) {
      throw new IllegalStateException("leat ended with status " + process.exitValue());
    }
  }

  /** Returns the first answer of an attempt, which is repeated until it has one. */
  public static <T> T eventually(Callable<Optional<T>> attempt) throws Exception {
    return eventually(EVENT, attempt);
  }

  /** Returns the first answer of an attempt, which is repeated for as long as the bound. */
  public static <T> T eventually(Duration bound, Callable<Optional<T>> attempt) throws Exception {
    long deadline = System.nanoTime() + bound.toNanos();
    while (System.nanoTime() < deadline) {
      Optional<T> answer = attempt.call();
      if (answer.isPresent()) {
        return answer.get();
      }
      TimeUnit.MILLISECONDS.sleep(50);
    }
    throw new AssertionError("no answer within " + bound);
  }

  private static String binary() {
    return System.getenv("LEAT_BIN");
  }

  private String endpointWhenReady() throws Exception {
    String line = null;
    try {
      line = CompletableFuture.supplyAsync(this::firstLine)
          .get(EVENT.toSeconds(), TimeUnit.SECONDS);
    } finally {
      if (line == null || !line.startsWith(READY)) {
        process.destroyForcibly();
      }
    }
    if (line == null || !line.startsWith(READY)) {
      throw new IllegalStateException("leat said " + line + " instead of being ready");
    }
    return line.substring(READY.length());
  }

  private String firstLine() {
    try {
      return new BufferedReader(process.inputReader(StandardCharsets.UTF_8)).readLine();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
