package leat.compat.kcl;

import static java.util.stream.Collectors.toSet;

import java.math.BigInteger;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import leat.compat.Server;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.client.builder.AwsClientBuilder;
import software.amazon.awssdk.core.retry.RetryPolicy;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.cloudwatch.CloudWatchClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbClientBuilder;
import software.amazon.awssdk.services.kinesis.KinesisClient;
import software.amazon.awssdk.services.kinesis.model.Shard;
import software.amazon.awssdk.services.kinesis.model.StreamStatus;

/**
 * The life of an application of two workers, of which one is killed and replaced, on a stream that
 * is resharded and on a server that is killed. In the end everything that the workers told is
 * compared with the stream.
 */
public final class Scenario implements AutoCloseable {
  private static final String STREAM = "orders";
  private static final int SHARDS = 4;
  /** Longer than any step takes: an empty lease table alone costs up to 30 s. */
  private static final Duration STEP = Duration.ofSeconds(300);
  private static final Duration FIRST_RECORD = Duration.ofSeconds(10);
  /** How often a worker may start until it has its first record in time: machines are busy. */
  private static final int STARTS = 3;
  /** Longer than the lock of a leader outlives it: 120 s, met within 30 s, and let go in 30 s. */
  private static final Duration LOCK = Duration.ofSeconds(300);
  private static final StaticCredentialsProvider CREDENTIALS =
      StaticCredentialsProvider.create(AwsBasicCredentials.create("any", "any"));

  /**
   * What sets a version of the KCL apart.
   *
   * @param name its number
   * @param secure whether its workers are given the https endpoint
   * @param leader whether one of its workers assigns the leases to all, and has them handed over
   */
  public record Traits(String name, boolean secure, boolean leader) {}

  /** Tells runs on a DynamoDB that outlives them apart. */
  private final String application = "shipping-" + Long.toString(System.nanoTime(), 36);
  private final Traits version;
  private final Retrieval retrieval;
  private final Server server = new Server("--limits", "off");
  private final Path dir = Files.createTempDirectory("leat-kcl-");
  private final KinesisClient kinesis;
  /** The producer's, which counts what fails and puts it again itself. */
  private final KinesisClient withoutRetries;
  private final DynamoDbClient dynamoDb;
  private final Fleet fleet;
  private final List<String> times = new ArrayList<>();
  private long lap = System.nanoTime();
  private int workers;

  public Scenario(Traits version, Retrieval retrieval) throws Exception {
    this(version, retrieval, System.getProperty("dynamodb"));
  }

  /** Has the leases on another DynamoDB than the server's, if its URL is not null. */
  public Scenario(Traits version, Retrieval retrieval, String leases) throws Exception {
    this.version = version;
    this.retrieval = retrieval;
    kinesis = configure(KinesisClient.builder()).build();
    withoutRetries = configure(KinesisClient.builder())
        .overrideConfiguration(o -> o.retryPolicy(RetryPolicy.none())).build();
    DynamoDbClientBuilder tables = configure(DynamoDbClient.builder());
    if (leases != null) {
      tables.endpointOverride(URI.create(leases));
    }
    dynamoDb = tables.build();
    fleet = new Fleet(STREAM, application, environment(leases), options());
  }

  private <B extends AwsClientBuilder<B, C>, C> B configure(B client) {
    return client.endpointOverride(URI.create(server.endpoint()))
        .region(Region.US_EAST_1).credentialsProvider(CREDENTIALS);
  }

  private Map<String, String> environment(String leases) {
    Map<String, String> environment = new HashMap<>(Map.of(
        "AWS_ENDPOINT_URL", version.secure() ? server.secureEndpoint() : server.endpoint(),
        "AWS_REGION", "us-east-1",
        "AWS_ACCESS_KEY_ID", "any",
        "AWS_SECRET_ACCESS_KEY", "any"));
    if (leases != null) {
      environment.put("AWS_ENDPOINT_URL_DYNAMODB", leases);
    }
    return environment;
  }

  /** Returns the JVM's options for TLS: it trusts the server's own authority, and nobody else. */
  private List<String> options() throws Exception {
    if (!version.secure()) {
      return List.of();
    }
    Path authority = Files.write(dir.resolve("leat-ca.pem"), server.authority());
    Path store = dir.resolve("leat.jks");
    Process keytool = new ProcessBuilder(
        Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
        "-importcert", "-noprompt", "-alias", "leat", "-file", authority.toString(),
        "-keystore", store.toString(), "-storepass", "changeit").start();
    if (keytool.waitFor() != 0) {
      throw new IllegalStateException("keytool fails");
    }
    return List.of("-Djavax.net.ssl.trustStore=" + store,
        "-Djavax.net.ssl.trustStorePassword=changeit");
  }

  /** Goes through all stages, and returns how long they took, or prints what the workers logged. */
  public String run() throws Exception {
    try {
      goThroughStages();
    } catch (AssertionError e) {
      fleet.log().forEach(System.err::println);
      throw e;
    }
    return version.name() + " " + retrieval + ": " + String.join(", ", times);
  }

  private void goThroughStages() throws Exception {
    kinesis.createStream(r -> r.streamName(STREAM).shardCount(SHARDS));
    try (Producer producer = new Producer(withoutRetries, STREAM)) {
      Worker[] both = shareTheShards();
      Worker left = killOne(both);
      end(left);
      Worker alone = startAlone(left);
      Worker second = startAnother(alone);
      reshard();
      assertMetrics();
      assertNoComplaints();
      killTheServer(producer);
      producer.close();
      Set<String> acknowledged = producer.acknowledged();
      fleet.ledger.awaitAll(acknowledged, STEP);
      alone.kill();
      second.kill();
      lap("all read");
      assertNothing(
          Verdict.of(new Contents(kinesis, STREAM), fleet.ledger.sessions(), acknowledged));
      assertNoComplaints();
    }
  }

  /**
   * Kills the worker that is the leader, and returns how long it takes until the other one reads
   * all shards.
   *
   * @param remove whether the dead leader's lock is removed by hand
   */
  public Duration killTheLeader(boolean remove) throws Exception {
    kinesis.createStream(r -> r.streamName(STREAM).shardCount(SHARDS));
    try (Producer producer = new Producer(withoutRetries, STREAM)) {
      Worker[] both = shareTheShards();
      int leader = isLeader(both[0]) ? 0 : 1;
      both[leader].kill();
      if (remove) {
        Leases.removeLeader(dynamoDb, application);
      }
      long killed = System.nanoTime();
      Worker left = both[1 - leader];
      fleet.ledger.await("the other worker has taken over", LOCK, s -> read(left).size() == SHARDS);
      return Duration.ofNanos(System.nanoTime() - killed);
    }
  }

  private Worker start() throws Exception {
    return fleet.start(retrieval.fanOut(workers++));
  }

  /**
   * Two workers start with no lease table, and each gets shards. The second waits for the first to
   * be a KCL 3's leader: of two that make the tables' first items at once, one never recovers.
   */
  private Worker[] shareTheShards() throws Exception {
    Worker[] both = {start(), null};
    if (version.leader()) {
      Server.eventually(STEP, () -> Leases.leader(dynamoDb, application));
    }
    both[1] = start();
    for (Worker worker : both) {
      await(worker.settings.worker() + " reads shards",
          s -> !fleet.ledger.shardsOf(worker.settings.worker()).isEmpty());
    }
    await("all shards are read", s -> read(both).size() == SHARDS);
    lap("shared");
    return both;
  }

  private boolean isLeader(Worker worker) {
    return version.leader() && Leases.leader(dynamoDb, application)
        .filter(worker.settings.worker()::equals).isPresent();
  }

  private Set<String> read(Worker... some) {
    return List.of(some).stream()
        .flatMap(w -> fleet.ledger.shardsOf(w.settings.worker()).stream()).collect(toSet());
  }

  /** Kills a worker, but not a leader, and returns the other once that reads all shards. */
  private Worker killOne(Worker[] both) throws Exception {
    int victim = isLeader(both[1]) ? 0 : 1;
    both[victim].kill();
    Worker left = both[1 - victim];
    await("the other worker has taken over", s -> read(left).size() == SHARDS);
    lap("taken over");
    return left;
  }

  /**
   * Ends a worker gracefully. This must be before shards end: a KCL 2 does not end before it has
   * forgotten the leases of ended shards, which takes minutes.
   */
  private void end(Worker worker) throws Exception {
    worker.requestEnd();
    worker.awaitEnd();
    lap("ended");
  }

  /** Starts a worker with the leases of one that has ended. It has the first record soon. */
  private Worker startAlone(Worker before) throws Exception {
    Worker ended = before;
    for (int i = 1;; i++) {
      Worker alone = start();
      Duration first = awaitFirstRecord(ended, alone);
      if (first.compareTo(FIRST_RECORD) <= 0) {
        return alone;
      }
      if (i == STARTS) {
        throw new AssertionError("the first record came after " + first);
      }
      end(alone);
      ended = alone;
    }
  }

  /** Returns after what time a worker alone had its first record. */
  private Duration awaitFirstRecord(Worker before, Worker alone) throws Exception {
    await("a worker alone reads all shards", s -> read(alone).size() == SHARDS);
    lap("started again");
    List<Session> sessions = sessionsOf(alone);
    Duration first = Duration.ofNanos(sessions.stream().flatMap(s -> s.records.stream())
        .mapToLong(Session.Mark::nanos).min().orElseThrow() - alone.started);
    times.add("first record after %.1f s".formatted(first.toMillis() / 1e3));
    assertHandedOver(before, sessions);
    return first;
  }

  /** Starts a second worker, which gets shards from the one that has all. */
  private Worker startAnother(Worker alone) throws Exception {
    Worker second = start();
    await("the second worker reads shards", s -> !read(second).isEmpty());
    lap("shared again");
    if (version.leader()) {
      assertHandedOver(alone, sessionsOf(second));
    }
    return second;
  }

  private List<Session> sessionsOf(Worker worker) {
    return fleet.ledger.sessions().stream()
        .filter(s -> s.worker.equals(worker.settings.worker())).toList();
  }

  /** The new owner goes on exactly where the old one was asked to stop. */
  private void assertHandedOver(Worker from, List<Session> to) {
    for (Session session : to) {
      String last = sessionsOf(from).stream()
          .filter(s -> s.shard.equals(session.shard) && s.requested)
          .map(Session::reached).reduce((first, second) -> second)
          .orElseThrow(() -> new AssertionError("not handed over: " + session));
      if (!last.equals(session.start.sequence())) {
        throw new AssertionError("handed over at " + last + ": " + session);
      }
    }
  }

  /** Splits the first shard, merges the last two, and waits until the children are read. */
  private void reshard() throws Exception {
    List<Shard> shards = open();
    Shard first = shards.get(0);
    String middle = new BigInteger(first.hashKeyRange().endingHashKey())
        .shiftRight(1).toString();
    kinesis.splitShard(r -> r.streamName(STREAM).shardToSplit(first.shardId())
        .newStartingHashKey(middle));
    awaitActive();
    kinesis.mergeShards(r -> r.streamName(STREAM).shardToMerge(shards.get(2).shardId())
        .adjacentShardToMerge(shards.get(3).shardId()));
    awaitActive();
    Set<String> now = open().stream().map(Shard::shardId).collect(toSet());
    await("the children are read", sessions -> sessions.stream()
        .filter(s -> s.isOpen() && !s.records.isEmpty()).map(s -> s.shard).collect(toSet())
        .containsAll(now));
    lap("resharded");
  }

  private List<Shard> open() {
    return kinesis.listShards(r -> r.streamName(STREAM)).shards().stream()
        .filter(s -> s.sequenceNumberRange().endingSequenceNumber() == null).toList();
  }

  private void awaitActive() throws Exception {
    Server.eventually(() -> kinesis.describeStreamSummary(r -> r.streamName(STREAM))
        .streamDescriptionSummary().streamStatus() == StreamStatus.ACTIVE
        ? Optional.of(true) : Optional.empty());
  }

  /** Kills the server, starts it when clients have met that, and waits for records put since. */
  private void killTheServer(Producer producer) throws Exception {
    int failures = producer.failures();
    server.kill();
    Server.eventually(
        () -> producer.failures() > failures ? Optional.of(true) : Optional.empty());
    Set<String> before = producer.acknowledged();
    server.restart();
    Set<String> now = open().stream().map(Shard::shardId).collect(toSet());
    await("all shards are read again", sessions -> sessions.stream()
        .filter(s -> s.isOpen() && !s.data.isEmpty()
            && !before.contains(s.data.get(s.data.size() - 1)))
        .map(s -> s.shard).collect(toSet()).containsAll(now));
    fleet.newComplaints();
    lap("restarted");
  }

  /** Finds what the workers measured, which they send every ten seconds. */
  private void assertMetrics() throws Exception {
    try (CloudWatchClient cloudWatch = configure(CloudWatchClient.builder()).build()) {
      Server.eventually(() -> cloudWatch.listMetrics(r -> r.namespace(application)).metrics()
          .stream().filter(m -> m.metricName().equals("RecordsProcessed")).findAny());
    }
  }

  private void await(String what, Predicate<List<Session>> condition)
      throws Exception {
    fleet.ledger.await(what, STEP, condition);
  }

  private void lap(String stage) {
    long now = System.nanoTime();
    times.add("%s %.1f s".formatted(stage, (now - lap) / 1e9));
    lap = now;
  }

  private void assertNoComplaints() {
    assertNothing(fleet.newComplaints());
  }

  private static void assertNothing(List<String> wrong) {
    if (!wrong.isEmpty()) {
      throw new AssertionError(String.join("\n", wrong));
    }
  }

  @Override
  public void close() throws Exception {
    fleet.close();
    kinesis.close();
    withoutRetries.close();
    dynamoDb.close();
    server.close();
    Files.deleteIfExists(dir.resolve("leat-ca.pem"));
    Files.deleteIfExists(dir.resolve("leat.jks"));
    Files.delete(dir);
  }
}
