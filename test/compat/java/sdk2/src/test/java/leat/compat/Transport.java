package leat.compat;

import java.net.URI;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.http.Protocol;
import software.amazon.awssdk.http.nio.netty.NettyNioAsyncHttpClient;
import software.amazon.awssdk.http.nio.netty.SdkEventLoopGroup;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.kinesis.KinesisAsyncClient;

/** The ways in which the asynchronous client talks to a server. */
enum Transport implements Session.Connector {
  /** The default, which takes HTTP/2 for granted. */
  HTTP2(false, null),
  /** The default for https, which takes HTTP/2 for granted, too, and offers no ALPN. */
  HTTP2_TLS(true, null),
  HTTP1(false, Protocol.HTTP1_1),
  HTTP1_TLS(true, Protocol.HTTP1_1);

  /** Shared, because the threads of a client take two seconds to end. */
  private static final SdkEventLoopGroup THREADS =
      SdkEventLoopGroup.builder().numberOfThreads(2).build();

  private final boolean tls;
  /** What the client is told, or null for its default. */
  private final Protocol protocol;

  Transport(boolean tls, Protocol protocol) {
    this.tls = tls;
    this.protocol = protocol;
  }

  boolean isHttp1() {
    return protocol == Protocol.HTTP1_1;
  }

  @Override
  public KinesisAsyncClient connect(Server server, ExecutionInterceptor observer) {
    NettyNioAsyncHttpClient.Builder http = http();
    if (protocol != null) {
      http.protocol(protocol);
    }
    if (tls) {
      http.tlsTrustManagersProvider(server::trust);
    }
    return client(tls ? server.secureEndpoint() : server.endpoint(), http, observer);
  }

  static NettyNioAsyncHttpClient.Builder http() {
    return NettyNioAsyncHttpClient.builder().eventLoopGroup(THREADS);
  }

  /** Returns a client that reports errors instead of retrying them. */
  static KinesisAsyncClient client(String endpoint, NettyNioAsyncHttpClient.Builder http,
      ExecutionInterceptor observer) {
    return KinesisAsyncClient.builder()
        .httpClientBuilder(http)
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
