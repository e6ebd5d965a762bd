package leat.compat;

import static leat.compat.Session.SHARD;
import static leat.compat.Session.STREAM;
import static leat.compat.Session.text;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.net.URI;
import java.util.List;
import java.util.ServiceLoader;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.SdkHttpConfigurationOption;
import software.amazon.awssdk.http.SdkHttpService;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.kinesis.KinesisClient;
import software.amazon.awssdk.services.kinesis.model.GetRecordsRequest;
import software.amazon.awssdk.services.kinesis.model.ResourceNotFoundException;
import software.amazon.awssdk.services.kinesis.model.ShardIteratorType;
import software.amazon.awssdk.utils.AttributeMap;

/** The synchronous client, always HTTP/1.1. */
class SyncTest {
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void recordsArePutAndGot(boolean tls) throws Exception {
    Observer observer = new Observer();
    try (Server server = new Server("--limits", "off");
        SdkHttpClient http = http(server, tls);
        KinesisClient client =
            connect(tls ? server.secureEndpoint() : server.endpoint(), http, observer)) {
      client.createStream(r -> r.streamName(STREAM).shardCount(1));
      client.putRecord(r -> r.streamName(STREAM).partitionKey("k")
          .data(SdkBytes.fromUtf8String("1")));
      String start = client.getShardIterator(r -> r.streamName(STREAM).shardId(SHARD)
          .shardIteratorType(ShardIteratorType.TRIM_HORIZON)).shardIterator();
      assertEquals(List.of("1"),
          text(client.getRecords(r -> r.shardIterator(start)).records()));
      assertEquals("application/x-amz-cbor-1.1",
          observer.received(GetRecordsRequest.class, "Content-Type"));
      assertThrows(ResourceNotFoundException.class,
          () -> client.describeStreamSummary(r -> r.streamName("t")));
    }
  }

  /** Returns the HTTP client that the SDK brings, which depends on its version. */
  private static SdkHttpClient http(Server server, boolean tls) {
    AttributeMap.Builder options = AttributeMap.builder();
    if (tls) {
      options.put(SdkHttpConfigurationOption.TLS_TRUST_MANAGERS_PROVIDER, server::trust);
    }
    return ServiceLoader.load(SdkHttpService.class).findFirst().orElseThrow()
        .createHttpClientBuilder().buildWithDefaults(options.build());
  }

  private static KinesisClient connect(String endpoint, SdkHttpClient http, Observer observer) {
    return KinesisClient.builder()
        .httpClient(http)
        .endpointOverride(URI.create(endpoint))
        .region(Region.US_EAST_1)
        .credentialsProvider(
            StaticCredentialsProvider.create(AwsBasicCredentials.create("any", "any")))
        .overrideConfiguration(o -> o
            .retryStrategy(AwsRetryStrategy.doNotRetry())
            .addExecutionInterceptor(observer))
        .build();
  }
}
