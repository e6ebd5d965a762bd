package dynamo

import (
	"context"
	"slices"

	"leat/internal/api"
	"leat/internal/api/dynamodb"
	"leat/internal/service"
	"leat/internal/stream"
)

// UpdateTable changes the settings of a table, or creates or deletes one of its
// global secondary indexes. A new index has been written for all items, and is
// ACTIVE, when the answer comes.
//
// Order of checks: what is not served, that there is something to do, billing, the
// kinds of index updates; then the table, attributes, billing and throughput, the indexes.

func (s *Service) updateTable(
	ctx context.Context, c service.Caller, in *dynamodb.UpdateTableInput,
) (*dynamodb.UpdateTableOutput, error) {
	if err := checkUpdate(in); err != nil {
		return nil, err
	}
	sn, err := s.lookupTable(c, in.TableName.V)
	if err != nil {
		return nil, err
	}
	t := sn.table
	t.mu.Lock()
	defer t.mu.Unlock()
	if sn = t.snap.Load(); sn == nil {
		return nil, errTableNotFound(in.TableName.V)
	}
	u := &tableUpdate{d: sn.clone(), next: t.given + 1, now: s.kv.Now()}
	if err := u.apply(in); err != nil {
		return nil, err
	}
	if sn, err = s.updateLocked(ctx, sn, u); err != nil {
		return nil, err
	}
	return &dynamodb.UpdateTableOutput{TableDescription: api.Some(sn.describe(statusActive))}, nil
}

// checkUpdate checks what can be checked of an update without the table.
func checkUpdate(in *dynamodb.UpdateTableInput) error {
	if err := checkServedUpdate(in); err != nil {
		return err
	}
	updates := in.GlobalSecondaryIndexUpdates.V
	switch {
	case !in.ProvisionedThroughput.Set && !in.BillingMode.Set && !in.StreamSpecification.Set && !in.SSESpecification.Set &&
		!in.TableClass.Set && !in.DeletionProtectionEnabled.Set && !in.OnDemandThroughput.Set && len(updates) == 0:
		return invalid("At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, " +
			"GlobalSecondaryIndexUpdates or SSESpecification or ReplicaUpdates is required")
	case in.BillingMode.V == provisioned && !in.ProvisionedThroughput.Set:
		return invalidValue("ProvisionedThroughput must be specified when BillingMode is PROVISIONED")
	}
	if in.ProvisionedThroughput.Set {
		if err := throughputOf(&in.ProvisionedThroughput.V).check(); err != nil {
			return err
		}
	}
	return checkIndexUpdates(updates)
}

// checkIndexUpdates returns the error about updates that are none, or too many.
func checkIndexUpdates(updates []dynamodb.GlobalSecondaryIndexUpdate) error {
	seen := map[string]bool{}
	online := 0
	for i := range updates {
		up := &updates[i]
		var name string
		switch {
		case up.Update.Set:
			name = up.Update.V.IndexName.V
		case up.Create.Set:
			name = up.Create.V.IndexName.V
		case up.Delete.Set:
			name = up.Delete.V.IndexName.V
		default:
			return invalidValue("One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, " +
				"GlobalSecondaryIndexUpdate.Delete must not be null")
		}
		if seen[name] {
			return invalidValue("Only one global secondary index update per index is allowed simultaneously. Index: %s", name)
		}
		seen[name] = true
		for _, set := range []bool{up.Create.Set, up.Delete.Set} {
			if set {
				online++
			}
		}
	}
	if online > 1 {
		return api.Errorf(api.LimitExceeded,
			"Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table")
	}
	return nil
}

// tableUpdate is what an update makes of a table.
type tableUpdate struct {
	d       definition
	next    uint64 // the number of an index that is created
	now     stream.Millis
	created *index
	deleted *index
}

// apply changes the definition as a request says.
func (u *tableUpdate) apply(in *dynamodb.UpdateTableInput) error {
	if err := u.addAttributes(in.AttributeDefinitions.V); err != nil {
		return err
	}
	if err := u.bill(in); err != nil {
		return err
	}
	if in.OnDemandThroughput.Set {
		u.d.OnDemand = newOnDemand(in.OnDemandThroughput)
	}
	if in.TableClass.Set {
		u.d.Class = &tableClass{Name: clone(in.TableClass.V), Changed: u.now}
	}
	if in.DeletionProtectionEnabled.Set {
		u.d.Protected = in.DeletionProtectionEnabled.V
	}
	for i := range in.GlobalSecondaryIndexUpdates.V {
		if err := u.updateIndex(&in.GlobalSecondaryIndexUpdates.V[i]); err != nil {
			return err
		}
	}
	if err := u.d.checkIndexes(); err != nil || u.deleted != nil {
		return err
	}
	return u.d.checkUsed()
}

// addAttributes adds definitions to those that there are.
func (u *tableUpdate) addAttributes(list []dynamodb.AttributeDefinition) error {
	for _, a := range attributes(list) {
		at := slices.IndexFunc(u.d.Attributes, func(have attribute) bool { return have.Name == a.Name })
		switch {
		case at < 0:
			u.d.Attributes = append(u.d.Attributes, a)
		case u.d.Attributes[at] != a:
			return invalidValue("Attribute %s is defined with the type %s and cannot be redefined with the type %s",
				a.Name, u.d.Attributes[at].Type, a.Type)
		}
	}
	return nil
}

// bill changes how the table is billed.
func (u *tableUpdate) bill(in *dynamodb.UpdateTableInput) error {
	before := u.d.Billing.Mode
	if in.BillingMode.Set && in.BillingMode.V != before {
		u.d.Billing.Mode, u.d.Billing.Shown = clone(in.BillingMode.V), true
	}
	if u.d.Billing.Mode == payPerRequest {
		if in.ProvisionedThroughput.Set {
			return errThroughputOnDemand()
		}
		if before != payPerRequest {
			u.d.Billing.OnDemandSince = u.now
			u.d.Throughput = throughput{Decreased: u.now}
			for i := range u.d.Indexes {
				u.d.Indexes[i].Throughput = throughput{Decreased: u.now}
			}
		}
		return nil
	}
	if !in.ProvisionedThroughput.Set {
		return nil
	}
	return u.d.Throughput.change(throughputOf(&in.ProvisionedThroughput.V), u.now)
}

// change sets what is provisioned, which has to be something else than before.
func (t *throughput) change(to throughput, now stream.Millis) error {
	if t.Read == to.Read && t.Write == to.Write {
		return invalid("The provisioned throughput for the table will not change. "+
			"The requested value equals the current value. "+
			"Current ReadCapacityUnits provisioned for the table: %d. Requested ReadCapacityUnits: %d. "+
			"Current WriteCapacityUnits provisioned for the table: %d. Requested WriteCapacityUnits: %d. "+
			"Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits.",
			t.Read, to.Read, t.Write, to.Write)
	}
	if to.Read > t.Read || to.Write > t.Write {
		t.Increased = now
	}
	if to.Read < t.Read || to.Write < t.Write {
		t.Decreased = now
	}
	t.Read, t.Write = to.Read, to.Write
	return nil
}

// updateIndex changes, creates or deletes an index.
func (u *tableUpdate) updateIndex(up *dynamodb.GlobalSecondaryIndexUpdate) error {
	switch {
	case up.Create.Set:
		return u.createIndex(&up.Create.V)
	case up.Delete.Set:
		ix, err := u.find(up.Delete.V.IndexName.V)
		if err != nil {
			return err
		}
		gone := *ix
		u.deleted = &gone
		u.d.Indexes = slices.DeleteFunc(u.d.Indexes, func(ix index) bool { return ix.Number == gone.Number })
		u.d.forgetAttributes()
		return nil
	}
	ix, err := u.find(up.Update.V.IndexName.V)
	if err != nil {
		return err
	}
	if up.Update.V.OnDemandThroughput.Set {
		ix.OnDemand = newOnDemand(up.Update.V.OnDemandThroughput)
	}
	if !up.Update.V.ProvisionedThroughput.Set {
		return nil
	}
	if u.d.Billing.Mode == payPerRequest {
		return errThroughputOnDemand()
	}
	to := throughputOf(&up.Update.V.ProvisionedThroughput.V)
	if err := to.check(); err != nil {
		return err
	}
	return ix.Throughput.change(to, u.now)
}

// find returns the global secondary index with a name, to be changed.
func (u *tableUpdate) find(name string) (*index, error) {
	for i := range u.d.Indexes {
		if ix := &u.d.Indexes[i]; ix.Name == name && !ix.Local {
			return ix, nil
		}
	}
	return nil, errNoTable()
}

// createIndex adds an index.
func (u *tableUpdate) createIndex(in *dynamodb.CreateGlobalSecondaryIndexAction) error {
	if slices.ContainsFunc(u.d.Indexes, func(ix index) bool { return ix.Name == in.IndexName.V }) {
		return invalid("Attempting to create an index which already exists")
	}
	err := u.d.addIndex(indexSpec{
		name: in.IndexName.V, key: in.KeySchema.V, projection: in.Projection.V,
		throughput: in.ProvisionedThroughput, onDemand: in.OnDemandThroughput,
	})
	if err != nil {
		return err
	}
	u.created = &u.d.Indexes[len(u.d.Indexes)-1]
	u.created.Number = u.next
	return nil
}

// forgetAttributes removes the attributes that no key has any more.
func (d *definition) forgetAttributes() {
	keys := append([]keySchema{d.Key}, keysOf(d.Indexes)...)
	d.Attributes = slices.DeleteFunc(d.Attributes, func(a attribute) bool {
		return !slices.ContainsFunc(keys, func(k keySchema) bool { return k.Partition == a.Name || k.Sort == a.Name })
	})
}

// updateLocked makes an update durable and visible: first the entries of an index
// that is created, then the definition, and then the entries of an index that is
// deleted go. The caller holds the table's mu, and sn is its newest snapshot.
func (s *Service) updateLocked(ctx context.Context, sn *snapshot, u *tableUpdate) (*snapshot, error) {
	t := sn.table
	var built []*liveIndex
	if u.created != nil {
		t.given = u.next
		l := t.newIndex(&u.d, *u.created)
		built = append(built, l)
		s.publish(t, t.newSnapshot(sn.definition, sn.revision, l))
		if err := s.build(ctx, sn, l); err != nil {
			s.abandon(ctx, sn, l)
			return nil, err
		}
	}
	next, err := s.writeLocked(ctx, sn, u.d, built...)
	if err != nil {
		s.abandon(ctx, sn, built...)
		return nil, err
	}
	if u.deleted != nil {
		s.removeBelow(context.WithoutCancel(ctx), entriesKey(t.number).Child(numberPart(u.deleted.Number)))
	}
	return next, nil
}

// abandon makes a table what it was before indexes were begun. An engine that does
// not know whether the definition with the index was written removes nothing, and
// tells after a restart.
func (s *Service) abandon(ctx context.Context, sn *snapshot, begun ...*liveIndex) {
	for _, l := range begun {
		s.publish(sn.table, sn)
		s.removeBelow(context.WithoutCancel(ctx), l.entries)
	}
}
