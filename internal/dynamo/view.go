package dynamo

import (
	"leat/internal/api"
	"leat/internal/api/dynamodb"
	"leat/internal/stream"
)

// The statuses of tables that are ever seen.
const (
	statusActive   = "ACTIVE"
	statusDeleting = "DELETING"
)

// describe returns the table as answers show it.
func (sn *snapshot) describe(status string) dynamodb.TableDescription {
	t := sn.table
	d := dynamodb.TableDescription{
		AttributeDefinitions:      api.Some(make([]dynamodb.AttributeDefinition, len(sn.Attributes))),
		TableName:                 api.Some(t.ref.name),
		KeySchema:                 viewKey(sn.Key),
		TableStatus:               api.Some(status),
		CreationDateTime:          api.Some(api.Timestamp(sn.Created)),
		ProvisionedThroughput:     api.Some(viewThroughput(sn.Throughput)),
		TableSizeBytes:            api.Some(t.size.bytes.Load()),
		ItemCount:                 api.Some(t.size.items.Load()),
		TableArn:                  api.Some(t.ref.arn()),
		TableId:                   api.Some(sn.ID),
		DeletionProtectionEnabled: api.Some(sn.Protected),
		OnDemandThroughput:        viewOnDemand(sn.OnDemand),
	}
	for i, a := range sn.Attributes {
		d.AttributeDefinitions.V[i] = dynamodb.AttributeDefinition{
			AttributeName: api.Some(a.Name), AttributeType: api.Some(a.Type),
		}
	}
	if sn.Billing.Shown {
		d.BillingModeSummary = api.Some(dynamodb.BillingModeSummary{
			BillingMode: api.Some(sn.Billing.Mode), LastUpdateToPayPerRequestDateTime: viewTime(sn.Billing.OnDemandSince),
		})
	}
	if sn.Class != nil {
		d.TableClassSummary = api.Some(dynamodb.TableClassSummary{
			TableClass: api.Some(sn.Class.Name), LastUpdateDateTime: viewTime(sn.Class.Changed),
		})
	}
	for _, l := range sn.indexes[:len(sn.Indexes)] {
		if l.Local {
			d.LocalSecondaryIndexes = api.Some(append(d.LocalSecondaryIndexes.V, viewLocal(t, l)))
			continue
		}
		d.GlobalSecondaryIndexes = api.Some(append(d.GlobalSecondaryIndexes.V, viewGlobal(t, l)))
	}
	return d
}

func viewKey(k keySchema) api.Opt[[]dynamodb.KeySchemaElement] {
	list := []dynamodb.KeySchemaElement{{AttributeName: api.Some(k.Partition), KeyType: api.Some("HASH")}}
	if k.Sort != "" {
		list = append(list, dynamodb.KeySchemaElement{AttributeName: api.Some(k.Sort), KeyType: api.Some("RANGE")})
	}
	return api.Some(list)
}

func viewThroughput(t throughput) dynamodb.ProvisionedThroughputDescription {
	return dynamodb.ProvisionedThroughputDescription{
		LastIncreaseDateTime: viewTime(t.Increased), LastDecreaseDateTime: viewTime(t.Decreased),
		NumberOfDecreasesToday: api.Some[int64](0),
		ReadCapacityUnits:      api.Some(t.Read), WriteCapacityUnits: api.Some(t.Write),
	}
}

// viewTime returns a time, absent if it is 0.
func viewTime(t stream.Millis) api.Opt[api.Timestamp] {
	return api.Opt[api.Timestamp]{V: api.Timestamp(t), Set: t != 0}
}

func viewOnDemand(o *onDemand) (out api.Opt[dynamodb.OnDemandThroughput]) {
	if o == nil {
		return out
	}
	return api.Some(dynamodb.OnDemandThroughput{
		MaxReadRequestUnits:  api.Opt[int64]{V: o.Read, Set: o.Read != 0},
		MaxWriteRequestUnits: api.Opt[int64]{V: o.Write, Set: o.Write != 0},
	})
}

func viewProjection(l *liveIndex) api.Opt[dynamodb.Projection] {
	p := dynamodb.Projection{ProjectionType: api.Some(l.Projection)}
	if l.Included != nil {
		p.NonKeyAttributes = api.Some(l.Included)
	}
	return api.Some(p)
}

func viewGlobal(t *table, l *liveIndex) dynamodb.GlobalSecondaryIndexDescription {
	return dynamodb.GlobalSecondaryIndexDescription{
		IndexName: api.Some(l.Name), KeySchema: viewKey(l.Key), Projection: viewProjection(l),
		IndexStatus:           api.Some(statusActive),
		ProvisionedThroughput: api.Some(viewThroughput(l.Throughput)),
		IndexSizeBytes:        api.Some(l.size.bytes.Load()), ItemCount: api.Some(l.size.items.Load()),
		IndexArn: api.Some(indexARN(t.ref, l.Name)), OnDemandThroughput: viewOnDemand(l.OnDemand),
	}
}

func viewLocal(t *table, l *liveIndex) dynamodb.LocalSecondaryIndexDescription {
	return dynamodb.LocalSecondaryIndexDescription{
		IndexName: api.Some(l.Name), KeySchema: viewKey(l.Key), Projection: viewProjection(l),
		IndexSizeBytes: api.Some(l.size.bytes.Load()), ItemCount: api.Some(l.size.items.Load()),
		IndexArn: api.Some(indexARN(t.ref, l.Name)),
	}
}

// indexARN returns the ARN of an index of a table.
func indexARN(r ref, index string) string { return r.arn() + "/index/" + index }
