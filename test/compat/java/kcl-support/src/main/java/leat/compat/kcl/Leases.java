package leat.compat.kcl;

import java.util.Map;
import java.util.Optional;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.ResourceNotFoundException;

/** What the driver looks up in the tables of a KCL 3. */
final class Leases {
  private static final AttributeValue LEADER = AttributeValue.fromS("Leader");

  private Leases() {}

  /** Returns the worker that holds the lock of the leader, if any. */
  static Optional<String> leader(DynamoDbClient client, String application) {
    return owner(client, application + "-CoordinatorState", "key")
        .or(() -> owner(client, application, "leaseKey")); // since 3.5 it is in the lease table
  }

  /** Removes the lock of the leader of a KCL 3.5. */
  static void removeLeader(DynamoDbClient client, String application) {
    client.deleteItem(r -> r.tableName(application).key(Map.of("leaseKey", LEADER)));
  }

  private static Optional<String> owner(DynamoDbClient client, String table, String key) {
    try {
      return Optional.ofNullable(client.getItem(
              r -> r.tableName(table).key(Map.of(key, LEADER)).consistentRead(true))
          .item().get("ownerName")).map(AttributeValue::s);
    } catch (ResourceNotFoundException e) {
      return Optional.empty();
    }
  }
}
