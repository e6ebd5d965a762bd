package dynamo

import (
	"leat/internal/api"
	"leat/internal/api/dynamodb"
)

// A unit of capacity is a write of 1 KB or a consistent read of 4 KB. What the
// table does is served whatever it comes to: nothing is throttled.
const (
	writeUnitBytes = 1 << 10
	readUnitBytes  = 4 << 10
)

// writeUnits returns what it costs to replace an item of a size by another.
func writeUnits(sizes [2]int) float64 { return units(max(sizes[0], sizes[1]), writeUnitBytes) }

// readUnits returns what it costs to read some bytes of items.
func readUnits(bytes int, consistent bool) float64 {
	n := units(bytes, readUnitBytes)
	if !consistent {
		n /= 2
	}
	return n
}

// units returns how many units there are in a size, at least one.
func units(bytes, unit int) float64 { return float64(max((bytes+unit-1)/unit, 1)) }

// consumption adds up the capacity that a request consumes of a table.
type consumption struct {
	table         float64
	global, local map[string]float64
}

// addIndex adds what an index consumes.
func (n *consumption) addIndex(l *liveIndex, units float64) {
	m := &n.global
	if l.Local {
		m = &n.local
	}
	if *m == nil {
		*m = make(map[string]float64)
	}
	(*m)[l.Name] += units
}

// addWrite adds what a change of an item consumes, times a factor.
func (n *consumption) addWrite(o *outcome, factor float64) {
	n.table += factor * writeUnits(o.sizes)
	for _, l := range o.sn.indexes[:len(o.sn.Indexes)] {
		if units := indexUnits(o, l); units > 0 {
			n.addIndex(l, factor*units)
		}
	}
}

// indexUnits returns what the change of an item consumes of an index: one write
// for an entry that comes, goes or changes, two for one that moves.
func indexUnits(o *outcome, l *liveIndex) float64 {
	from, had := l.form(o.before)
	to, has := l.form(o.after)
	var sizes [2]int
	if had {
		sizes[0] = l.projectedSize(o.before)
	}
	if has {
		sizes[1] = l.projectedSize(o.after)
	}
	switch {
	case !had && !has:
		return 0
	case had && has && from != to:
		return writeUnits([2]int{sizes[0], 0}) + writeUnits([2]int{0, sizes[1]})
	case had && has && l.project(o.before).Equal(l.project(o.after)):
		return 0
	}
	return writeUnits(sizes)
}

// total returns everything.
func (n *consumption) total() float64 {
	sum := n.table
	for _, m := range []map[string]float64{n.global, n.local} {
		for _, units := range m {
			sum += units
		}
	}
	return sum
}

// access is what a request does, where answers tell reads from writes.
type access int

const (
	plain access = iota // they do not
	readOnly
	writeOnly
)

// capacity returns the capacity that a request consumed of a table, in the detail
// that it asks for.
func (n *consumption) capacity(asked api.Opt[string], name string, a access) api.Opt[dynamodb.ConsumedCapacity] {
	if asked.V != "TOTAL" && asked.V != "INDEXES" {
		return api.Opt[dynamodb.ConsumedCapacity]{}
	}
	all := a.of(n.total())
	out := dynamodb.ConsumedCapacity{
		TableName: api.Some(name), CapacityUnits: all.CapacityUnits,
		ReadCapacityUnits: all.ReadCapacityUnits, WriteCapacityUnits: all.WriteCapacityUnits,
	}
	if asked.V == "INDEXES" {
		out.Table = api.Some(a.of(n.table))
		out.GlobalSecondaryIndexes = a.ofAll(n.global)
		out.LocalSecondaryIndexes = a.ofAll(n.local)
	}
	return api.Some(out)
}

func (a access) of(units float64) dynamodb.Capacity {
	c := dynamodb.Capacity{CapacityUnits: api.Some(units)}
	switch a {
	case readOnly:
		c.ReadCapacityUnits = api.Some(units)
	case writeOnly:
		c.WriteCapacityUnits = api.Some(units)
	case plain:
	}
	return c
}

func (a access) ofAll(m map[string]float64) (out api.Opt[map[string]dynamodb.Capacity]) {
	if m == nil {
		return out
	}
	out = api.Some(make(map[string]dynamodb.Capacity, len(m)))
	for name, units := range m {
		out.V[name] = a.of(units)
	}
	return out
}

// bill adds up what a request that is about several tables consumes.
type bill struct {
	asked  api.Opt[string]
	access access
	tables map[string]*consumption
}

func newBill(asked api.Opt[string], a access) *bill {
	return &bill{asked: asked, access: a, tables: make(map[string]*consumption)}
}

// of returns what is consumed of a table.
func (b *bill) of(name string) *consumption {
	n := b.tables[name]
	if n == nil {
		n = new(consumption)
		b.tables[name] = n
	}
	return n
}

// capacities returns what was consumed of all tables.
func (b *bill) capacities() (out api.Opt[[]dynamodb.ConsumedCapacity]) {
	for _, name := range byName(b.tables) {
		if c := b.tables[name].capacity(b.asked, name, b.access); c.Set {
			out = api.Some(append(out.V, c.V))
		}
	}
	return out
}
