package dynamo

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"slices"
	"strings"

	"leat/internal/api"
	"leat/internal/api/dynamodb"
	"leat/internal/service"
)

// CreateTable creates a table, which is ACTIVE at once, and so are its indexes.
//
// Order of checks: the name, billing and throughput, the key, the attributes, the
// indexes, the settings that are not there, tags; then whether there is a table
// of the name.
//
// Differs: throughput is stored and shown, and nothing is throttled. What unserved.go
// names is refused.

func (s *Service) createTable(
	ctx context.Context, c service.Caller, in *dynamodb.CreateTableInput,
) (*dynamodb.CreateTableOutput, error) {
	r, err := refOf(c, in.TableName.V)
	if err != nil {
		return nil, err
	}
	if r.account != c.Account || r.region != c.Region {
		return nil, invalid("Invalid TableArn: a table is created in the account and region of the request, not as %s", r.arn())
	}
	d, err := s.newDefinition(in)
	if err != nil {
		return nil, err
	}
	switch {
	case s.reg.get(r) != nil:
		return nil, errTableExists(r.name)
	case len(s.reg.names(c)) >= maxTables:
		return nil, api.Errorf(api.LimitExceeded, "Subscriber limit exceeded: An account may have %d tables in a region", maxTables)
	}
	sn, err := s.create(ctx, r, d)
	if err != nil {
		return nil, err
	}
	return &dynamodb.CreateTableOutput{TableDescription: api.Some(sn.describe(statusActive))}, nil
}

// newDefinition returns the table that a request asks for.
func (s *Service) newDefinition(in *dynamodb.CreateTableInput) (definition, error) {
	d := definition{
		ID: newTableID(), Created: s.kv.Now(), Protected: in.DeletionProtectionEnabled.V,
		Attributes: attributes(in.AttributeDefinitions.V), OnDemand: newOnDemand(in.OnDemandThroughput),
		Billing: billing{Mode: clone(in.BillingMode.Or(provisioned))},
	}
	if err := d.setThroughput(in); err != nil {
		return d, err
	}
	var err error
	if d.Key, err = d.newKey(in.KeySchema.V); err != nil {
		return d, err
	}
	if err := d.addIndexes(in); err != nil {
		return d, err
	}
	if err := d.checkUsed(); err != nil {
		return d, err
	}
	if err := checkServedCreate(in); err != nil {
		return d, err
	}
	if in.TableClass.Set {
		d.Class = &tableClass{Name: clone(in.TableClass.V)}
	}
	d.Tags, err = addTags(nil, in.Tags.V)
	return d, err
}

// newTableID returns an identifier in the form of a UUID.
func newTableID() string {
	var b [16]byte
	// Read of crypto/rand never fails.
	_, _ = rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	h := hex.EncodeToString(b[:])
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
}

// setThroughput sets how a new table is billed.
func (d *definition) setThroughput(in *dynamodb.CreateTableInput) error {
	if d.Billing.Mode == payPerRequest {
		d.Billing.Shown, d.Billing.OnDemandSince = true, d.Created
		if in.ProvisionedThroughput.Set {
			return errThroughputOnDemand()
		}
		return nil
	}
	if !in.ProvisionedThroughput.Set {
		return invalidValue("ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED")
	}
	d.Throughput = throughputOf(&in.ProvisionedThroughput.V)
	return d.Throughput.check()
}

func errThroughputOnDemand() *api.Error {
	return invalidValue("Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST")
}

func throughputOf(p *dynamodb.ProvisionedThroughput) throughput {
	return throughput{Read: p.ReadCapacityUnits.V, Write: p.WriteCapacityUnits.V}
}

func (t throughput) check() error {
	if t.Read > maxThroughput {
		return invalid("Given value %d for ReadCapacityUnits is out of bounds", t.Read)
	}
	if t.Write > maxThroughput {
		return invalid("Given value %d for WriteCapacityUnits is out of bounds", t.Write)
	}
	return nil
}

func newOnDemand(o api.Opt[dynamodb.OnDemandThroughput]) *onDemand {
	if !o.Set {
		return nil
	}
	return &onDemand{Read: o.V.MaxReadRequestUnits.V, Write: o.V.MaxWriteRequestUnits.V}
}

func attributes(list []dynamodb.AttributeDefinition) []attribute {
	out := make([]attribute, len(list))
	for i := range list {
		out[i] = attribute{clone(list[i].AttributeName.V), clone(list[i].AttributeType.V)}
	}
	return out
}

// newKey returns the key that a KeySchema is.
func (d *definition) newKey(list []dynamodb.KeySchemaElement) (keySchema, error) {
	names := make([]string, len(list))
	for i := range list {
		names[i] = clone(list[i].AttributeName.V)
	}
	switch {
	case len(list) == 0:
		return keySchema{}, invalid("1 validation error detected: Value null at 'keySchema' failed to satisfy constraint: Member must not be null")
	case len(list) > 2:
		return keySchema{}, invalid("1 validation error detected: Value at 'keySchema' failed to satisfy constraint: " +
			"Member must have length less than or equal to 2")
	}
	for _, name := range names {
		if !slices.ContainsFunc(d.Attributes, func(a attribute) bool { return a.Name == name }) {
			return keySchema{}, invalidValue("Some index key attributes are not defined in AttributeDefinitions. "+
				"Keys: [%s], AttributeDefinitions: [%s]", strings.Join(names, ", "), strings.Join(d.attributeNames(), ", "))
		}
	}
	switch {
	case len(list) == 2 && names[0] == names[1]:
		return keySchema{}, invalid("Both the Hash Key and the Range Key element in the KeySchema have the same name")
	case list[0].KeyType.V != "HASH":
		return keySchema{}, invalid("Invalid KeySchema: The first KeySchemaElement is not a HASH key type")
	case len(list) == 1:
		return keySchema{Partition: names[0]}, nil
	case list[1].KeyType.V != "RANGE":
		return keySchema{}, invalid("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type")
	}
	return keySchema{names[0], names[1]}, nil
}

func (d *definition) attributeNames() []string {
	names := make([]string, len(d.Attributes))
	for i, a := range d.Attributes {
		names[i] = a.Name
	}
	return names
}

// checkUsed returns the error about attributes that are defined twice, or are in no
// key.
func (d *definition) checkUsed() error {
	used := map[string]bool{}
	for _, k := range append([]keySchema{d.Key}, keysOf(d.Indexes)...) {
		for _, name := range k.names() {
			used[name] = true
		}
	}
	names := d.attributeNames()
	switch distinct := slices.Compact(slices.Sorted(slices.Values(names))); {
	case len(distinct) < len(names):
		return invalid("Cannot have two attributes with the same name")
	case len(distinct) == len(used):
		return nil
	case len(d.Indexes) == 0:
		return invalidValue("Number of attributes in KeySchema does not exactly match number of attributes " +
			"defined in AttributeDefinitions")
	}
	return invalidValue("Some AttributeDefinitions are not used. AttributeDefinitions: [%s], keys used: [%s]",
		strings.Join(names, ", "), strings.Join(byName(used), ", "))
}

func keysOf(list []index) []keySchema {
	keys := make([]keySchema, len(list))
	for i := range list {
		keys[i] = list[i].Key
	}
	return keys
}
