package leat.compat.kpl;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import leat.compat.Server;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentials;

/** Who uses the server: its owner, and a KPL that may do no more than it has to. */
final class Accounts {
  static final AwsCredentials OWNER =
      AwsBasicCredentials.create("LKIAOWNER", "secret-of-the-owner");

  /** The environment of a program with the KPL. */
  static final Map<String, String> PRODUCER = Map.of("AWS_ACCESS_KEY_ID", "LKIAPRODUCER",
      "AWS_SECRET_ACCESS_KEY", "secret-of-the-producer", "AWS_EC2_METADATA_DISABLED", "true");

  private static final String FILE = """
      accounts:
        - id: "111122223333"
          users:
            - name: owner
              keys: [{id: LKIAOWNER, secret: secret-of-the-owner}]
              policies: [{Statement: {Effect: Allow, Action: "*", Resource: "*"}}]
            - name: producer
              keys: [{id: LKIAPRODUCER, secret: secret-of-the-producer}]
              policies:
                - Statement:
                    - Effect: Allow
                      Action: ["kinesis:PutRecords", "kinesis:ListShards",
                        "kinesis:DescribeStreamSummary"]
                      Resource: "arn:aws:kinesis:*:*:stream/orders"
                    - {Effect: Allow, Action: "cloudwatch:PutMetricData", Resource: "*"}
      """;

  private Accounts() {}

  /** Starts a server that verifies every signature. */
  static Server serve(Path dir) throws Exception {
    Path file = Files.createTempFile(dir, "auth", ".yaml"); // for its owner only
    Files.writeString(file, FILE);
    return new Server("--auth", file.toString());
  }
}
