package dynamo_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"leat/internal/api"
	"leat/internal/engine"
)

// model is what a table and its index must have: items by their keys, each a number
// and an owner, "" for none.
type model struct {
	*fixture
	engine *troubled
	items  map[string]modelItem
	index  bool
}

type modelItem struct {
	n     int
	owner string
}

func (m modelItem) json(key string) string {
	owner := ""
	if m.owner != "" {
		owner = `,"leaseOwner":{"S":"` + m.owner + `"}`
	}
	return fmt.Sprintf(`{"leaseKey":{"S":"%s"},"n":{"N":"%d"}%s}`, key, m.n, owner)
}

// TestModel performs random operations and compares what they answer, and what there
// is after each, with a map. Restarts make no difference.
func TestModel(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		f, e := newTroubled(t)
		m := &model{fixture: f, engine: e, items: map[string]modelItem{}}
		m.leases("app")
		r.Repeat(map[string]func(*rapid.T){
			"put":      m.put,
			"update":   m.update,
			"delete":   m.delete,
			"transact": m.transact,
			"index":    m.changeIndex,
			"again":    m.again,
			"refused":  m.refused,
			"restart":  m.restart,
			"":         m.check,
		})
	})
}

func (m *model) key(r *rapid.T) string {
	return rapid.SampledFrom([]string{"a", "b", "c", "d", "e"}).Draw(r, "key")
}

func (m *model) item(r *rapid.T) modelItem {
	return modelItem{rapid.IntRange(0, 3).Draw(r, "n"), rapid.SampledFrom([]string{"", "w1", "w2"}).Draw(r, "owner")}
}

// condition returns a condition on an item, its values, and whether it holds.
func (m *model) condition(r *rapid.T, key string) (text, values string, holds bool) {
	it, there := m.items[key]
	switch rapid.IntRange(0, 3).Draw(r, "condition") {
	case 0:
		return "attribute_not_exists(leaseKey)", "", !there
	case 1:
		n := rapid.IntRange(0, 3).Draw(r, "expected n")
		return "n = :e", fmt.Sprintf(`":e":{"N":"%d"}`, n), there && it.n == n
	case 2:
		return "attribute_exists(leaseKey) AND attribute_not_exists(leaseOwner)", "", there && it.owner == ""
	}
	return "attribute_exists(leaseKey) OR attribute_not_exists(leaseKey)", "", true
}

// perform performs a write that is expected to succeed or not.
func (m *model) perform(r *rapid.T, op, body string, holds bool) {
	_, err := m.do(caller, op, body)
	var e *api.Error
	switch {
	case holds && err != nil:
		r.Fatalf("%s %s: %v", op, body, err)
	case !holds && (!errors.As(err, &e) || e.Code != string(api.ConditionalCheckFailed) && e.Code != string(api.TransactionCanceled)):
		r.Fatalf("%s %s: error %v where the condition does not hold", op, body, err)
	}
}

func with(values string) string {
	if values == "" {
		return ""
	}
	return `,"ExpressionAttributeValues":{` + values + `}`
}

func (m *model) put(r *rapid.T) {
	key, it := m.key(r), m.item(r)
	condition, values, holds := m.condition(r, key)
	m.perform(r, "PutItem", `{"TableName":"app","Item":`+it.json(key)+`,"ConditionExpression":"`+condition+`"`+with(values)+`}`, holds)
	if holds {
		m.items[key] = it
	}
}

// update adds to the number and changes the owner.
func (m *model) update(r *rapid.T) {
	key, it := m.key(r), m.item(r)
	condition, values, holds := m.condition(r, key)
	update := "ADD n :n REMOVE leaseOwner"
	values = strings.Trim(values+fmt.Sprintf(`,":n":{"N":"%d"}`, it.n), ",")
	if it.owner != "" {
		update = "ADD n :n SET leaseOwner = :o"
		values += `,":o":{"S":"` + it.owner + `"}`
	}
	m.perform(r, "UpdateItem", `{"TableName":"app","Key":{"leaseKey":{"S":"`+key+`"}},"UpdateExpression":"`+update+
		`","ConditionExpression":"`+condition+`"`+with(values)+`}`, holds)
	if holds {
		m.items[key] = modelItem{m.items[key].n + it.n, it.owner}
	}
}

func (m *model) delete(r *rapid.T) {
	key := m.key(r)
	condition, values, holds := m.condition(r, key)
	m.perform(r, "DeleteItem", `{"TableName":"app","Key":{"leaseKey":{"S":"`+key+`"}},"ConditionExpression":"`+condition+`"`+with(values)+`}`, holds)
	if holds {
		delete(m.items, key)
	}
}

// transact puts one item and deletes another, each under a condition.
func (m *model) transact(r *rapid.T) {
	keys := rapid.Permutation([]string{"a", "b", "c", "d", "e"}).Draw(r, "keys")
	it := m.item(r)
	first, values1, holds1 := m.condition(r, keys[0])
	second, values2, holds2 := m.condition(r, keys[1])
	m.perform(r, "TransactWriteItems", `{"TransactItems":[
		{"Put":{"TableName":"app","Item":`+it.json(keys[0])+`,"ConditionExpression":"`+first+`"`+with(values1)+`}},
		{"Delete":{"TableName":"app","Key":{"leaseKey":{"S":"`+keys[1]+`"}},"ConditionExpression":"`+second+`"`+with(values2)+`}}]}`, holds1 && holds2)
	if holds1 && holds2 {
		m.items[keys[0]] = it
		delete(m.items, keys[1])
	}
}

// changeIndex makes the index, or deletes it.
func (m *model) changeIndex(*rapid.T) {
	if m.index {
		m.call("UpdateTable", `{"TableName":"app","GlobalSecondaryIndexUpdates":[{"Delete":{"IndexName":"LeaseOwnerToLeaseKeyIndex"}}]}`)
	} else {
		m.call("UpdateTable", `{"TableName":"app",`+ownerIndex+`}`)
	}
	m.index = !m.index
}

// refused performs writes while the engine takes none.
func (m *model) refused(r *rapid.T) {
	m.engine.refuse = func() error { return engine.ErrFull }
	defer func() { m.engine.refuse = func() error { return nil } }()
	key := m.key(r)
	for _, write := range [][2]string{
		{"PutItem", `{"TableName":"app","Item":` + m.item(r).json(key) + `}`},
		{"TransactWriteItems", `{"TransactItems":[{"Put":{"TableName":"app","Item":` + m.item(r).json(key) + `}}]}`},
		{"UpdateTable", `{"TableName":"app","DeletionProtectionEnabled":true}`},
	} {
		if _, err := m.do(caller, write[0], write[1]); !isCode(err, api.ServiceUnavailable) {
			r.Fatalf("%s: error %v of a full engine", write[0], err)
		}
	}
}

// restart opens the service again: it counts what is stored, which is what was
// counted before.
func (m *model) restart(r *rapid.T) {
	before, table := m.StoredForTest(), m.call("DescribeTable", `{"TableName":"app"}`)
	m.open()
	if after := m.StoredForTest(); after != before {
		r.Fatalf("%d bytes were counted, %d after a restart", before, after)
	}
	if after := m.call("DescribeTable", `{"TableName":"app"}`); after != table {
		r.Fatalf("the table was\n%s, and is after a restart\n%s", table, after)
	}
}

// again deletes the table and creates one of its name.
func (m *model) again(*rapid.T) {
	m.call("DeleteTable", `{"TableName":"app"}`)
	m.leases("app")
	m.index = false
	clear(m.items)
}

// check compares all that there is.
func (m *model) check(r *rapid.T) {
	items, _ := m.pages("Scan", "app", `,"Limit":2`)
	var got, want []string
	for _, it := range items {
		got = append(got, toJSON(it))
	}
	owned := map[string][]string{}
	for _, key := range slices.Sorted(maps.Keys(m.items)) {
		it := m.items[key]
		want = append(want, toJSON(m.get(it.json(key))))
		owned[it.owner] = append(owned[it.owner], key)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		r.Fatalf("there is\n%v, want\n%v", got, want)
	}
	table := m.get(m.call("DescribeTable", `{"TableName":"app"}`), "Table").(map[string]any)
	if n := table["ItemCount"]; n != float64(len(want)) || table["TableSizeBytes"] != float64(m.StoredForTest()) {
		r.Fatalf("the table counts %v items and %v bytes for %d, all tables %d bytes", n, table["TableSizeBytes"], len(want), m.StoredForTest())
	}
	if n := m.entries("item"); n != len(want) {
		r.Fatalf("%d entries of items", n)
	}
	if !m.index {
		if n := m.entries("index"); n != 0 {
			r.Fatalf("%d entries of no index", n)
		}
		return
	}
	for _, owner := range []string{"w1", "w2"} {
		if got := m.owned(owner); !slices.Equal(got, owned[owner]) {
			r.Fatalf("%s owns %v, want %v", owner, got, owned[owner])
		}
	}
	if n := m.entries("index"); n != len(owned["w1"])+len(owned["w2"]) {
		r.Fatalf("%d entries of the index", n)
	}
	m.advance(time.Millisecond)
}
