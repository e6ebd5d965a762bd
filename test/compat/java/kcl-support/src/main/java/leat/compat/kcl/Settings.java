package leat.compat.kcl;

/**
 * What a worker process is told in system properties. Endpoints, region and credentials are in the
 * environment, as the AWS SDKs read them.
 *
 * @param stream the stream to read
 * @param application the name of the application, and of its lease table and consumer
 * @param worker the worker's identifier
 * @param fanOut whether records are pushed by enhanced fan-out, or polled
 */
public record Settings(String stream, String application, String worker, boolean fanOut) {
  /** Returns the settings of this process. */
  public static Settings ofProcess() {
    return new Settings(System.getProperty("stream"), System.getProperty("application"),
        System.getProperty("worker"), Boolean.getBoolean("fanOut"));
  }
}
