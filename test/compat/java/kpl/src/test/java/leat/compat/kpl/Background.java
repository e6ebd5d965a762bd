package leat.compat.kpl;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** Tasks beside a test that wait for something: each has a thread of its own. */
final class Background {
  /** What may fail. */
  interface Task {
    void run() throws Exception;
  }

  private Background() {}

  /** Starts a task, and returns what completes with it. */
  static CompletableFuture<Void> start(Task task) {
    return CompletableFuture.runAsync(() -> {
      try {
        task.run();
      } catch (Exception e) {
        throw new CompletionException(e);
      }
    }, runnable -> {
      Thread thread = new Thread(runnable);
      thread.setDaemon(true);
      thread.start();
    });
  }
}
