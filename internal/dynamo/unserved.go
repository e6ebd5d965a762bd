package dynamo

import (
	"leat/internal/api"
	"leat/internal/api/dynamodb"
)

// unserved is a parameter that may ask for something that tables do not have here.
type unserved struct {
	parameter string
	asks      bool
	what      string // tables do not have
}

// refuse returns the error about the first of some parameters that asks for what
// is not there. It is better than a table without it.
func refuse(list ...unserved) error {
	for _, u := range list {
		if u.asks {
			return invalidValue("%s: tables of this server %s", u.parameter, u.what)
		}
	}
	return nil
}

const (
	noReplicas = "have no replicas in other regions"
	noVectors  = "have no vector indexes"
)

func unservedStream(in api.Opt[dynamodb.StreamSpecification]) unserved {
	return unserved{"StreamSpecification", in.V.StreamEnabled.V, "have no streams"}
}

func unservedEncryption(in api.Opt[dynamodb.SSESpecification]) unserved {
	return unserved{"SSESpecification", in.V.Enabled.V, "are not encrypted with a key of KMS"}
}

func unservedWarmth(in api.Opt[dynamodb.WarmThroughput]) unserved {
	return unserved{"WarmThroughput", in.Set, "are not throttled, and need no warm throughput"}
}

func unservedReplication(in api.Opt[string]) unserved {
	return unserved{"GlobalTableSettingsReplicationMode", in.Set && in.V != "DISABLED", noReplicas}
}

// checkServedCreate refuses a new table that would have what is not served.
func checkServedCreate(in *dynamodb.CreateTableInput) error {
	list := []unserved{
		unservedStream(in.StreamSpecification),
		unservedEncryption(in.SSESpecification),
		unservedWarmth(in.WarmThroughput),
		{"ResourcePolicy", in.ResourcePolicy.Set, "have no policies of their own"},
		{"GlobalTableSourceArn", in.GlobalTableSourceArn.Set, noReplicas},
		unservedReplication(in.GlobalTableSettingsReplicationMode),
		{"VectorIndexes", len(in.VectorIndexes.V) > 0, noVectors},
	}
	for i := range in.GlobalSecondaryIndexes.V {
		list = append(list, unservedWarmth(in.GlobalSecondaryIndexes.V[i].WarmThroughput))
	}
	return refuse(list...)
}

// checkServedUpdate refuses an update that would give a table what is not served.
func checkServedUpdate(in *dynamodb.UpdateTableInput) error {
	list := []unserved{
		unservedStream(in.StreamSpecification),
		unservedEncryption(in.SSESpecification),
		unservedWarmth(in.WarmThroughput),
		{"ReplicaUpdates", in.ReplicaUpdates.Set, noReplicas},
		{"MultiRegionConsistency", in.MultiRegionConsistency.Set, noReplicas},
		{"GlobalTableWitnessUpdates", in.GlobalTableWitnessUpdates.Set, noReplicas},
		unservedReplication(in.GlobalTableSettingsReplicationMode),
		{"DisassociationProtectionEnabled", in.DisassociationProtectionEnabled.V, noReplicas},
		{"VectorIndexUpdates", len(in.VectorIndexUpdates.V) > 0, noVectors},
	}
	for i := range in.GlobalSecondaryIndexUpdates.V {
		up := &in.GlobalSecondaryIndexUpdates.V[i]
		list = append(list, unservedWarmth(up.Create.V.WarmThroughput), unservedWarmth(up.Update.V.WarmThroughput))
	}
	return refuse(list...)
}
