package leat.compat;

import com.amazonaws.ClientConfiguration;
import com.amazonaws.Request;
import com.amazonaws.Response;
import com.amazonaws.auth.AWSStaticCredentialsProvider;
import com.amazonaws.auth.BasicAWSCredentials;
import com.amazonaws.client.builder.AwsClientBuilder.EndpointConfiguration;
import com.amazonaws.handlers.RequestHandler2;
import com.amazonaws.retry.PredefinedRetryPolicies;
import com.amazonaws.services.kinesis.AmazonKinesis;
import com.amazonaws.services.kinesis.AmazonKinesisClientBuilder;
import com.amazonaws.services.kinesis.model.DescribeStreamRequest;
import com.amazonaws.services.kinesis.model.GetRecordsRequest;
import com.amazonaws.services.kinesis.model.GetRecordsResult;
import com.amazonaws.services.kinesis.model.GetShardIteratorRequest;
import com.amazonaws.services.kinesis.model.PutRecordRequest;
import com.amazonaws.services.kinesis.model.PutRecordResult;
import com.amazonaws.services.kinesis.model.Record;
import com.amazonaws.services.kinesis.model.ShardIteratorType;
import com.amazonaws.waiters.MaxAttemptsRetryStrategy;
import com.amazonaws.waiters.PollingStrategy;
import com.amazonaws.waiters.Waiter;
import com.amazonaws.waiters.WaiterParameters;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.http.conn.ssl.SSLConnectionSocketFactory;

/** A server, a client of it, and what the tests do over and over. */
final class Session implements AutoCloseable {
  static final String STREAM = "s";
  static final String SHARD = "shardId-000000000000";

  /** The ways in which the client talks to a server, always HTTP/1.1. */
  enum Transport { HTTP, HTTPS }

  final AmazonKinesis client;
  private final Server server;
  private final Set<String> contentTypes = ConcurrentHashMap.newKeySet();

  Session(Transport transport, String... flags) throws Exception {
    server = new Server(flags);
    client = connect(transport);
  }

  /** Returns a client that reports errors instead of retrying them. */
  private AmazonKinesis connect(Transport transport) throws GeneralSecurityException {
    ClientConfiguration configuration =
        new ClientConfiguration().withRetryPolicy(PredefinedRetryPolicies.NO_RETRY_POLICY);
    String endpoint = server.endpoint();
    if (transport == Transport.HTTPS) {
      endpoint = server.secureEndpoint();
      configuration.getApacheHttpClientConfig()
          .setSslSocketFactory(new SSLConnectionSocketFactory(server.context()));
    }
    return AmazonKinesisClientBuilder.standard()
        .withClientConfiguration(configuration)
        .withEndpointConfiguration(new EndpointConfiguration(endpoint, "us-east-1"))
        .withCredentials(
            new AWSStaticCredentialsProvider(new BasicAWSCredentials("any", "any")))
        .withRequestHandlers(new RequestHandler2() {
          @Override
          public void beforeRequest(Request<?> request) {
            contentTypes.add(request.getHeaders().get("Content-Type"));
          }

          @Override
          public void afterResponse(Request<?> request,
              Response<?> response) {
            // Operations without an output have no type.
            List<String> types = response.getHttpResponse().getHeaderValues("Content-Type");
            if (types != null) {
              contentTypes.addAll(types);
            }
          }
        })
        .build();
  }

  @Override
  public void close() throws Exception {
    client.shutdown();
    server.close();
  }

  /** Returns the content types of all requests and responses so far. */
  Set<String> contentTypes() {
    return contentTypes;
  }

  /** Makes the stream and waits until it is active. */
  void create(int shards) {
    client.createStream(STREAM, shards);
    waitUntil(client.waiters().streamExists());
  }

  void waitUntil(Waiter<DescribeStreamRequest> waiter) {
    waiter.run(new WaiterParameters<>(new DescribeStreamRequest().withStreamName(STREAM))
        .withPollingStrategy(new PollingStrategy(new MaxAttemptsRetryStrategy(300),
            context -> Thread.sleep(100))));
  }

  PutRecordResult put(String payload) {
    return client.putRecord(new PutRecordRequest().withStreamName(STREAM).withPartitionKey("k")
        .withExplicitHashKey("0").withData(ByteBuffer.wrap(payload.getBytes(StandardCharsets.UTF_8))));
  }

  /** Returns a request for an iterator, to which a position can be added. */
  static GetShardIteratorRequest at(String shard, ShardIteratorType type) {
    return new GetShardIteratorRequest().withStreamName(STREAM).withShardId(shard)
        .withShardIteratorType(type);
  }

  GetRecordsResult page(String iterator) {
    return client.getRecords(new GetRecordsRequest().withShardIterator(iterator));
  }

  /** Reads on from a position until it has the number of records. */
  List<Record> read(GetShardIteratorRequest start, int count) throws Exception {
    return read(client.getShardIterator(start).getShardIterator(), count);
  }

  /** Reads on from an iterator until it has the number of records. */
  List<Record> read(String start, int count) throws Exception {
    List<Record> records = new ArrayList<>();
    String[] position = {start};
    return Server.eventually(() -> {
      GetRecordsResult page = page(position[0]);
      records.addAll(page.getRecords());
      position[0] = page.getNextShardIterator();
      return records.size() >= count ? Optional.of(records) : Optional.empty();
    });
  }

  static List<String> text(List<Record> records) {
    return records.stream().map(r -> StandardCharsets.UTF_8.decode(r.getData()).toString())
        .toList();
  }
}
