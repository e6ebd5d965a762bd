package dynamo

import (
	"slices"

	"leat/internal/api"
	"leat/internal/api/dynamodb"
)

// indexSpec is an index as a request describes it, whatever the request.
type indexSpec struct {
	name       string
	local      bool
	key        []dynamodb.KeySchemaElement
	projection dynamodb.Projection
	throughput api.Opt[dynamodb.ProvisionedThroughput]
	onDemand   api.Opt[dynamodb.OnDemandThroughput]
}

// addIndexes adds the indexes of a new table.
func (d *definition) addIndexes(in *dynamodb.CreateTableInput) error {
	local, global := in.LocalSecondaryIndexes, in.GlobalSecondaryIndexes
	switch {
	case local.Set && len(local.V) == 0:
		return invalidValue("List of LocalSecondaryIndexes is empty")
	case global.Set && len(global.V) == 0:
		return invalidValue("List of GlobalSecondaryIndexes is empty")
	case local.Set && d.Key.Sort == "":
		return invalidValue("Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex")
	}
	for i := range local.V {
		ix := &local.V[i]
		if err := d.addIndex(indexSpec{name: ix.IndexName.V, local: true, key: ix.KeySchema.V, projection: ix.Projection.V}); err != nil {
			return err
		}
	}
	for i := range global.V {
		ix := &global.V[i]
		if err := d.addIndex(indexSpec{
			name: ix.IndexName.V, key: ix.KeySchema.V, projection: ix.Projection.V,
			throughput: ix.ProvisionedThroughput, onDemand: ix.OnDemandThroughput,
		}); err != nil {
			return err
		}
	}
	return d.checkIndexes()
}

// checkIndexes returns the error about too many indexes, or too much in them.
func (d *definition) checkIndexes() error {
	local, included := 0, 0
	for _, ix := range d.Indexes {
		if included += len(ix.Included); ix.Local {
			local++
		}
	}
	switch {
	case local > maxLocalIndexes:
		return invalidValue("Number of LocalSecondaryIndexes exceeds per-table limit of %d", maxLocalIndexes)
	case len(d.Indexes)-local > maxGlobalIndexes:
		return invalidValue("GlobalSecondaryIndex count exceeds the per-table limit of %d", maxGlobalIndexes)
	case included > maxIncludedAttributes:
		return invalidValue("NonKeyAttributes: all indexes of a table together may include %d attributes", maxIncludedAttributes)
	}
	return nil
}

// addIndex adds an index with the next number.
func (d *definition) addIndex(spec indexSpec) error {
	k, err := d.newKey(spec.key)
	if err != nil {
		return err
	}
	switch {
	case spec.local && k.Sort == "":
		return invalidValue("Index KeySchema does not have a range key for index: %s", spec.name)
	case spec.local && k.Partition != d.Key.Partition:
		return invalidValue("Index KeySchema does not have the same leading hash key as table KeySchema for index: %s. "+
			"index hash key: %s, table hash key: %s", spec.name, k.Partition, d.Key.Partition)
	}
	projection := spec.projection.ProjectionType.V
	if projection == "" {
		return invalidValue("Unknown ProjectionType: null")
	}
	included := spec.projection.NonKeyAttributes
	switch {
	case included.Set && projection != projectIncluded:
		return invalidValue("ProjectionType is %s, but NonKeyAttributes is specified", projection)
	case !included.Set && projection == projectIncluded:
		return invalidValue("ProjectionType is %s, but NonKeyAttributes is not specified", projection)
	case len(included.V) > len(slices.Compact(slices.Sorted(slices.Values(included.V)))):
		return invalidValue("NonKeyAttributes: an attribute is there twice")
	case slices.ContainsFunc(d.Indexes, func(ix index) bool { return ix.Name == spec.name }):
		return invalidValue("Duplicate index name: %s", spec.name)
	}
	ix := index{
		Number: d.nextIndex(), Name: clone(spec.name), Local: spec.local, Key: k,
		Projection: clone(projection), OnDemand: newOnDemand(spec.onDemand),
	}
	if included.Set {
		ix.Included = cloneAll(included.V)
	}
	if err := d.indexThroughput(&ix, spec.throughput); err != nil {
		return err
	}
	d.Indexes = append(d.Indexes, ix)
	return nil
}

// indexThroughput sets what is provisioned for a new index.
func (d *definition) indexThroughput(ix *index, p api.Opt[dynamodb.ProvisionedThroughput]) error {
	switch {
	case ix.Local:
		return nil
	case p.Set && d.Billing.Mode == payPerRequest:
		return invalidValue("ProvisionedThroughput should not be specified for index: %s when BillingMode is PAY_PER_REQUEST", ix.Name)
	case !p.Set && d.Billing.Mode == provisioned:
		return invalidValue("ProvisionedThroughput must be specified for index: %s", ix.Name)
	}
	ix.Throughput = throughputOf(&p.V)
	return ix.Throughput.check()
}
