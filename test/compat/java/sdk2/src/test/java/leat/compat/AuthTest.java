package leat.compat;

import static leat.compat.Session.SHARD;
import static leat.compat.Session.STREAM;
import static leat.compat.Session.refusal;
import static leat.compat.Session.text;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.core.SdkGlobalTime;
import software.amazon.awssdk.services.kinesis.model.KinesisException;
import software.amazon.awssdk.services.kinesis.model.ListStreamsResponse;
import software.amazon.awssdk.services.kinesis.model.ShardIteratorType;

/** Signatures and permissions, with an auth file. */
class AuthTest {
  private static final String ACCOUNTS = """
      accounts:
        - id: "111122223333"
          users:
            - name: owner
              keys: [{id: LKIAOWNER, secret: secret-of-the-owner}]
              policies: [{Statement: {Effect: Allow, Action: "kinesis:*", Resource: "*"}}]
            - name: nobody
              keys: [{id: LKIANOBODY, secret: secret-of-nobody-}]
          roles:
            - name: reader
              trust:
                Statement:
                  {Effect: Allow, Principal: {AWS: "111122223333"}, Action: "sts:AssumeRole"}
              policies: [{Statement: {Effect: Allow, Action: "kinesis:List*", Resource: "*"}}]
              sessions:
                - name: s
                  assumed-by: arn:aws:iam::111122223333:user/owner
                  keys:
                    - {id: LKIASESSION, secret: secret-of-session, session-token: token}
                    - id: LKIAEXPIRED
                      secret: secret-of-expired
                      session-token: token
                      expires: 2020-01-01T00:00:00Z
      """;

  private static final AwsCredentials OWNER =
      AwsBasicCredentials.create("LKIAOWNER", "secret-of-the-owner");

  @TempDir
  Path dir;

  private Session start(Transport transport) throws Exception {
    Path file = Files.createTempFile(dir, "auth", ".yaml"); // for its owner only
    Files.writeString(file, ACCOUNTS);
    return new Session(transport, "--limits", "off", "--auth", file.toString());
  }

  private static StaticCredentialsProvider of(AwsCredentials credentials) {
    return StaticCredentialsProvider.create(credentials);
  }

  private static CompletableFuture<ListStreamsResponse> list(Session s, AwsCredentials who) {
    return s.client.listStreams(r -> r.overrideConfiguration(o -> o.credentialsProvider(of(who))));
  }

  @ParameterizedTest
  @EnumSource
  void credentialsAreVerified(Transport transport) throws Exception {
    try (Session s = start(transport)) {
      assertEquals(List.of(), list(s, OWNER).join().streamNames());
      assertEquals(List.of(), list(s,
          AwsSessionCredentials.create("LKIASESSION", "secret-of-session", "token"))
          .join().streamNames());
      assertRefused("UnrecognizedClientException", s, AwsBasicCredentials.create("any", "any"));
      assertRefused("InvalidSignatureException", s,
          AwsBasicCredentials.create("LKIAOWNER", "secret-of-the-owned"));
      assertRefused("UnrecognizedClientException", s,
          AwsBasicCredentials.create("LKIASESSION", "secret-of-session"));
      assertRefused("UnrecognizedClientException", s,
          AwsSessionCredentials.create("LKIASESSION", "secret-of-session", "another"));
      assertRefused("ExpiredTokenException", s,
          AwsSessionCredentials.create("LKIAEXPIRED", "secret-of-expired", "token"));
      KinesisException denied = assertRefused("AccessDeniedException", s,
          AwsBasicCredentials.create("LKIANOBODY", "secret-of-nobody-"));
      assertTrue(denied.getMessage().contains("User: arn:aws:iam::111122223333:user/nobody is not "
          + "authorized to perform: kinesis:ListStreams on resource: *"), denied::getMessage);
    }
  }

  private static KinesisException assertRefused(String code, Session s, AwsCredentials who) {
    KinesisException e = refusal(KinesisException.class, list(s, who));
    assertEquals(code, e.awsErrorDetails().errorCode());
    return e;
  }

  /** A client whose clock is wrong learns the time from a refusal, and is let in from then on. */
  @ParameterizedTest
  @ValueSource(ints = {600, -600})
  void clocksAreCorrected(int secondsOff) throws Exception {
    SdkGlobalTime.setGlobalTimeOffset(secondsOff); // of clients to come
    try (Session s = start(Transport.values()[0])) {
      KinesisException e = assertRefused("InvalidSignatureException", s, OWNER);
      assertTrue(e.getMessage().startsWith("Signature "), e::getMessage);
      assertEquals(List.of(), list(s, OWNER).join().streamNames());
    } finally {
      SdkGlobalTime.setGlobalTimeOffset(0);
    }
  }

  @ParameterizedTest
  @EnumSource
  void recordsArePutAndGot(Transport transport) throws Exception {
    try (Session s = start(transport)) {
      s.client.createStream(r -> r.streamName(STREAM).shardCount(1)
          .overrideConfiguration(o -> o.credentialsProvider(of(OWNER)))).join();
      s.client.putRecord(r -> r.streamName(STREAM).partitionKey("k")
          .data(SdkBytes.fromUtf8String("1"))
          .overrideConfiguration(o -> o.credentialsProvider(of(OWNER)))).join();
      String start = s.client.getShardIterator(r -> r.streamName(STREAM).shardId(SHARD)
          .shardIteratorType(ShardIteratorType.TRIM_HORIZON)
          .overrideConfiguration(o -> o.credentialsProvider(of(OWNER)))).join().shardIterator();
      assertEquals(List.of("1"), text(s.client.getRecords(r -> r.shardIterator(start)
          .overrideConfiguration(o -> o.credentialsProvider(of(OWNER)))).join().records()));
    }
  }
}
