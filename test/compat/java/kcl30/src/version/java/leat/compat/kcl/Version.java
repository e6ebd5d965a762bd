package leat.compat.kcl;

import java.net.URI;
import software.amazon.awssdk.awscore.client.builder.AwsClientBuilder;
import software.amazon.kinesis.leases.LeaseManagementConfig;

/** What KCL 3.0 has of its own. */
final class Version {
  static final Scenario.Traits TRAITS = new Scenario.Traits("3.0", true, true);

  private Version() {}

  /** The SDK finds the region and the credentials in the environment, but not the endpoint. */
  static <B extends AwsClientBuilder<B, C>, C> B configure(B client) {
    return client.endpointOverride(URI.create(System.getenv("AWS_ENDPOINT_URL")));
  }

  /**
   * The leader assigns leases every four seconds when a worker fails over in two. It takes a worker
   * for alive, and gives it leases, until that has missed two of its reports, of which one is due
   * every 30 s.
   */
  static LeaseManagementConfig configure(LeaseManagementConfig leases) {
    leases.workerUtilizationAwareAssignmentConfig().workerMetricsReporterFreqInMillis(1000);
    return leases.leaseAssignmentIntervalMillis(1000L);
  }
}
