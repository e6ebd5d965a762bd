package leat.compat.kcl;

import software.amazon.awssdk.awscore.client.builder.AwsClientBuilder;
import software.amazon.kinesis.leases.LeaseManagementConfig;

/** What KCL 2.7 has of its own. */
final class Version {
  static final Scenario.Traits TRAITS = new Scenario.Traits("2.7", false, false);

  private Version() {}

  /** The SDK finds the endpoint, the region and the credentials in the environment. */
  static <B extends AwsClientBuilder<B, C>, C> B configure(B client) {
    return client;
  }

  static LeaseManagementConfig configure(LeaseManagementConfig leases) {
    return leases;
  }
}
