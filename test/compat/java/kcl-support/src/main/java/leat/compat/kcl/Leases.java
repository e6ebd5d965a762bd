package leat.compat.kcl;

import java.util.Map;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.ResourceNotFoundException;

/** What the driver looks up in the tables of a KCL 3. */
final class Leases {
  private static final AttributeValue LEADER = AttributeValue.fromS("Leader");

  private Leases() {}

  /** Returns the worker that holds the lock of the leader. */
  static String leader(DynamoDbClient client, String application) {
    try {
      return owner(client, application + "-CoordinatorState", "key");
    } catch (ResourceNotFoundException e) { // since 3.5 it is in the lease table
      return owner(client, application, "leaseKey");
    }
  }

  private static String owner(DynamoDbClient client, String table, String key) {
    return client.getItem(r -> r.tableName(table).key(Map.of(key, LEADER)).consistentRead(true))
        .item().get("ownerName").s();
  }
}
