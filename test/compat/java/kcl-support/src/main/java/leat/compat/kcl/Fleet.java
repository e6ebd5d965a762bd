package leat.compat.kcl;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** The workers of one application, and what they tell and log. */
final class Fleet implements AutoCloseable {
  /** A metric that is not taken is only a warning to the KCL, like much that is as it should be. */
  private static final Pattern COMPLAINT =
      Pattern.compile(" ERROR | Could not publish | reader ");

  final Ledger ledger = new Ledger();
  private final String stream;
  private final String application;
  private final Map<String, String> environment;
  private final List<String> options;
  private final List<Worker> workers = new ArrayList<>();
  private final List<String> log = Collections.synchronizedList(new ArrayList<>());
  private int judged;

  Fleet(String stream, String application, Map<String, String> environment, List<String> options) {
    this.stream = stream;
    this.application = application;
    this.environment = environment;
    this.options = options;
  }

  /** Starts a worker with the next letter for its name. */
  Worker start(boolean fanOut) throws IOException {
    String name = "worker-" + (char) ('a' + workers.size());
    Settings settings = new Settings(stream, application, name, fanOut);
    Worker worker = new Worker(settings, environment, options, ledger, log::add);
    workers.add(worker);
    return worker;
  }

  /** Returns the errors that the workers' libraries have logged since it was last asked. */
  List<String> newComplaints() {
    synchronized (log) {
      List<String> news = log.subList(judged, log.size()).stream()
          .filter(COMPLAINT.asPredicate()).toList();
      judged = log.size();
      return news;
    }
  }

  /** Returns what all workers have logged. */
  List<String> log() {
    synchronized (log) {
      return List.copyOf(log);
    }
  }

  @Override
  public void close() {
    workers.forEach(Worker::close);
  }
}
