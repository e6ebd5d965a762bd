package leat.compat.kcl;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** A consumer application in a JVM of its own, which runs the module's class Consumer. */
final class Worker implements AutoCloseable {
  private static final Duration END = Duration.ofSeconds(60);

  final Settings settings;
  /** When the process was started, on the clock of {@link Event}. */
  final long started = System.nanoTime();
  private final Process process;
  private final Consumer<String> log;
  private final List<Thread> readers = new ArrayList<>();

  /**
   * Starts a worker.
   *
   * @param environment the variables that tell the SDKs where to go
   * @param options more options for the JVM
   * @param ledger gets the worker's events
   * @param log gets the lines of its standard error
   */
  Worker(Settings settings, Map<String, String> environment, List<String> options, Ledger ledger,
      Consumer<String> log) throws IOException {
    this.settings = settings;
    this.log = log;
    List<String> command = new ArrayList<>(List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        // Two workers and a server share two cores: start fast rather than run fast.
        "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx256m",
        "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
        "-Dorg.slf4j.simpleLogger.showDateTime=true",
        "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS",
        "-Dstream=" + settings.stream(), "-Dapplication=" + settings.application(),
        "-Dworker=" + settings.worker(), "-DfanOut=" + settings.fanOut()));
    command.addAll(options);
    command.addAll(
        List.of("-cp", System.getProperty("java.class.path"), "leat.compat.kcl.Consumer"));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().putAll(environment);
    process = builder.start();
    read(process.inputReader(), line -> ledger.add(Event.parse(settings.worker(), line)));
    read(process.errorReader(), this::note);
  }

  private void note(String line) {
    log.accept(settings.worker() + ": " + line);
  }

  private void read(BufferedReader lines, Consumer<String> to) {
    Thread reader = new Thread(() -> {
      try (lines) {
        lines.lines().forEach(to);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }, "output of " + settings.worker());
    reader.setUncaughtExceptionHandler((thread, e) -> note("reader failed: " + e));
    reader.start();
    readers.add(reader);
  }

  /** Ends the process with SIGKILL, and waits until all that it told has been heard. */
  void kill() throws InterruptedException {
    // By its handle, which does not close the streams that are still being read.
    process.toHandle().destroyForcibly();
    process.waitFor();
    join();
  }

  /** Has the process shut down gracefully, as it does when its standard input ends. */
  void requestEnd() throws IOException {
    process.getOutputStream().close();
  }

  /** Waits until the process has ended by itself, in an orderly way. */
  void awaitEnd() throws InterruptedException {
    if (!process.waitFor(END.toSeconds(), TimeUnit.SECONDS)) {
      throw new AssertionError(settings.worker() + " does not end");
    }
    join();
    if (process.exitValue() != 0) {
      throw new AssertionError(settings.worker() + " ended with " + process.exitValue());
    }
  }

  private void join() throws InterruptedException {
    for (Thread reader : readers) {
      reader.join();
    }
  }

  @Override
  public void close() {
    process.toHandle().destroyForcibly();
  }
}
