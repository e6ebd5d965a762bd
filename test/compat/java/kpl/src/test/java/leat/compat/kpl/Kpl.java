package leat.compat.kpl;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import leat.compat.Server;

/** A running program with a KPL. */
final class Kpl implements AutoCloseable {
  /** The versions there are programs for, each with its module. */
  enum Version {
    V0_15("kpl0"), V1_0("kpl1"), V1_1("kpl11");

    private final String module;

    Version(String module) {
      this.module = module;
    }
  }

  private static final Pattern TROUBLE = Pattern.compile("^\\[[^]]*\\] (WARN|ERROR) ");

  /** What a KPL says when it learns of a reshard. */
  private static final Pattern RESHARD = Pattern.compile("instead of the predicted shard");

  private final Process process;
  private final PrintWriter commands;
  private final Map<Integer, CompletableFuture<Answer>> answers = new ConcurrentHashMap<>();
  private final ConcurrentLinkedQueue<String> log = new ConcurrentLinkedQueue<>();

  Kpl(Version version, Path properties) throws IOException {
    ProcessBuilder program = new ProcessBuilder("java", "-cp", classPath(version),
        "leat.compat.kpl.Producer", properties.toString(), Stream.NAME);
    program.environment().putAll(Accounts.PRODUCER);
    process = program.start();
    commands = new PrintWriter(process.outputWriter(StandardCharsets.US_ASCII), true);
    Background.start(() -> each(process.inputReader(), this::answered));
    Background.start(() -> each(process.errorReader(), log::add));
    process.onExit().thenRun(this::fail);
  }

  /** Hands a user record to the KPL, whose answer comes later. */
  CompletableFuture<Answer> put(Put put) {
    CompletableFuture<Answer> answer = new CompletableFuture<>();
    answers.put(put.number(), answer);
    commands.println(put.line());
    return answer;
  }

  /** Returns what the KPL and its native process have complained about, other than reshards. */
  List<String> complaints() {
    return log.stream().filter(line -> TROUBLE.matcher(line).find())
        .filter(line -> !RESHARD.matcher(line).find()).toList();
  }

  /** Ends the program in an orderly way, which it does once it has answered everything. */
  @Override
  public void close() throws InterruptedException {
    commands.close();
    if (!process.waitFor(Server.EVENT.toSeconds(), TimeUnit.SECONDS)) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
      throw new IllegalStateException("the KPL does not end");
    }
  }

  /** Fails what will have no answer. */
  private void fail() {
    answers.values().forEach(answer ->
        answer.completeExceptionally(new IllegalStateException(complaints().toString())));
  }

  private void answered(String line) {
    Answer answer = Answer.parse(line);
    answers.remove(answer.number()).complete(answer);
  }

  private static void each(BufferedReader lines, Consumer<String> taker) throws IOException {
    try (lines) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        taker.accept(line);
      }
    }
  }

  private static String classPath(Version version) throws IOException {
    Path target = Path.of("..", version.module, "target");
    return target.resolve("classes") + ":" + Files.readString(target.resolve("classpath"));
  }
}
