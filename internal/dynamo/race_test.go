package dynamo_test

import (
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"leat/internal/api"
	"leat/internal/engine/disk"
	"leat/internal/vfs"
)

// number returns the number that an attribute of an item in an answer is.
func (f *fixture) number(v any) int {
	text, _ := v.(map[string]any)["N"].(string)
	n, err := strconv.Atoi(text)
	if err != nil {
		f.t.Errorf("%v is no number", v)
	}
	return n
}

// isCode reports whether an error is one that clients hear of with a code.
func isCode(err error, code api.Code) bool {
	e := (*api.Error)(nil)
	return errors.As(err, &e) && e.Code == string(code)
}

// TestConcurrently has clients that count, take turns and move money, beside others
// that read it, that make and delete indexes and tables, and the sweep. Every
// conditional update sees the one before, no reader of a transaction sees half of
// another, and in the end everything agrees, also after a restart.
func TestConcurrently(t *testing.T) {
	t.Run("memory", func(t *testing.T) { concurrently(t, newFixture(t)) })
	t.Run("disk", func(t *testing.T) {
		f := &fixture{t: t}
		f.clock.Store(int64(testStart))
		e, err := disk.Open(vfs.NewMem(), disk.Options{Now: f.now, FreeReserve: 1})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = e.Close() }()
		f.engine = e
		f.open()
		concurrently(t, f)
	})
}

func concurrently(t *testing.T, f *fixture) {
	t.Helper()
	f.leases("app")
	f.leases("bpp")
	for _, put := range []string{
		`"app","Item":{"leaseKey":{"S":"cas"},"n":{"N":"0"}}`, `"app","Item":{"leaseKey":{"S":"add"},"n":{"N":"0"}}`,
		`"app","Item":{"leaseKey":{"S":"rich"},"n":{"N":"1000"},"leaseOwner":{"S":"w"}}`,
		`"bpp","Item":{"leaseKey":{"S":"poor"},"n":{"N":"0"},"leaseOwner":{"S":"w"}}`,
	} {
		f.call("PutItem", `{"TableName":`+put+`}`)
	}
	f.call("UpdateTimeToLive", `{"TableName":"app","TimeToLiveSpecification":{"Enabled":true,"AttributeName":"ttl"}}`)
	c := &concurrent{fixture: f}
	var writers, others sync.WaitGroup
	for w := range 4 {
		writers.Go(func() { c.compareAndSet(w) })
		writers.Go(c.add)
		writers.Go(func() { c.move(w) })
	}
	stop := make(chan struct{})
	for _, other := range []func(int){c.audit, c.index, c.tables, c.expire} {
		others.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
					other(i)
				}
			}
		})
	}
	writers.Wait()
	close(stop)
	others.Wait()
	for range 2 {
		c.verify()
		f.open()
	}
}

// concurrent is what the clients of TestConcurrently have done.
type concurrent struct {
	*fixture
	taken sync.Map // the values that compare-and-set has replaced
	set   atomic.Int64
	moved atomic.Int64
}

const rounds = 60

// try performs an operation that may fail with some codes only.
func (c *concurrent) try(op, body string, codes ...api.Code) (string, bool) {
	out, err := c.do(caller, op, body)
	if err == nil {
		return out, true
	}
	for _, code := range codes {
		if isCode(err, code) {
			return "", false
		}
	}
	c.t.Errorf("%s %s: %v", op, body, err)
	return "", false
}

const casKey = `"TableName":"app","Key":{"leaseKey":{"S":"cas"}}`

// compareAndSet takes the register from the value that it has read to the next.
func (c *concurrent) compareAndSet(w int) {
	for range rounds {
		out, ok := c.try("GetItem", `{`+casKey+`}`)
		if !ok {
			return
		}
		seen := c.number(c.get(out, "Item", "n"))
		_, ok = c.try("UpdateItem", fmt.Sprintf(`{%s,"UpdateExpression":"SET n = :new, leaseOwner = :w","ConditionExpression":"n = :old",
			"ExpressionAttributeValues":{":old":{"N":"%d"},":new":{"N":"%d"},":w":{"S":"w%d"}}}`, casKey, seen, seen+1, w), api.ConditionalCheckFailed)
		if !ok {
			continue
		}
		c.set.Add(1)
		if other, twice := c.taken.LoadOrStore(seen, w); twice {
			c.t.Errorf("%d was replaced by %v and %d", seen, other, w)
		}
	}
}

func (c *concurrent) add() {
	for range rounds {
		c.try("UpdateItem", `{"TableName":"app","Key":{"leaseKey":{"S":"add"}},"UpdateExpression":"ADD n :one","ExpressionAttributeValues":{":one":{"N":"1"}}}`)
	}
}

// move takes one from the rich and gives it to the poor, of another table, each time
// twice with one token.
func (c *concurrent) move(w int) {
	update := func(table, key, by string) string {
		return `{"Update":{"TableName":"` + table + `","Key":{"leaseKey":{"S":"` + key + `"}},"UpdateExpression":"ADD n :by",
			"ExpressionAttributeValues":{":by":{"N":"` + by + `"}}}}`
	}
	for i := range rounds {
		parts := update("app", "rich", "-1") + `,` + update("bpp", "poor", "1")
		if i%2 == 0 {
			parts = update("bpp", "poor", "1") + `,` + update("app", "rich", "-1")
		}
		body := fmt.Sprintf(`{"ClientRequestToken":"%d-%d","TransactItems":[%s]}`, w, i, parts)
		if _, ok := c.try("TransactWriteItems", body); ok {
			c.moved.Add(1)
		}
		c.try("TransactWriteItems", body)
	}
}

// audit sees that nothing is lost between the rich and the poor.
func (c *concurrent) audit(int) {
	out, ok := c.try("TransactGetItems", `{"TransactItems":[{"Get":{"TableName":"app","Key":{"leaseKey":{"S":"rich"}}}},
		{"Get":{"TableName":"bpp","Key":{"leaseKey":{"S":"poor"}}}}]}`)
	if !ok {
		return
	}
	sum := 0
	for _, r := range c.get(out, "Responses").([]any) {
		sum += c.number(r.(map[string]any)["Item"].(map[string]any)["n"])
	}
	if sum != 1000 {
		c.t.Errorf("together they have %d", sum)
	}
}

// index makes an index and deletes it.
func (c *concurrent) index(int) {
	c.try("UpdateTable", `{"TableName":"app",`+ownerIndex+`}`)
	c.try("Scan", `{"TableName":"app","IndexName":"LeaseOwnerToLeaseKeyIndex"}`)
	c.try("UpdateTable", `{"TableName":"app","GlobalSecondaryIndexUpdates":[{"Delete":{"IndexName":"LeaseOwnerToLeaseKeyIndex"}}]}`)
}

// tables makes a table, fills it beside one who deletes it, and makes it again.
func (c *concurrent) tables(i int) {
	name := fmt.Sprint("table-", i%2)
	c.try("CreateTable", `{"TableName":"`+name+`","BillingMode":"PAY_PER_REQUEST",`+leaseTable+`}`)
	var fill sync.WaitGroup
	for j := range 3 {
		fill.Go(func() {
			c.try("PutItem", fmt.Sprintf(`{"TableName":"%s","Item":{"leaseKey":{"S":"%d"}}}`, name, j), api.ResourceNotFound)
			c.try("Scan", `{"TableName":"`+name+`"}`, api.ResourceNotFound)
		})
	}
	c.try("DeleteTable", `{"TableName":"`+name+`"}`)
	fill.Wait()
}

// expire puts items that have expired, and sweeps.
func (c *concurrent) expire(i int) {
	c.try("PutItem", fmt.Sprintf(`{"TableName":"app","Item":{"leaseKey":{"S":"old-%d"},"ttl":{"N":"1699999000"},"leaseOwner":{"S":"w"}}}`, i%5))
	if err := c.Sweep(c.t.Context()); err != nil {
		c.t.Error(err)
	}
}

func (c *concurrent) verify() {
	c.t.Helper()
	n := func(table, key string) int {
		return c.number(c.get(c.call("GetItem", `{"TableName":"`+table+`","Key":{"leaseKey":{"S":"`+key+`"}}}`), "Item", "n"))
	}
	if got, want := n("app", "cas"), int(c.set.Load()); got != want {
		c.t.Errorf("the register is at %d after %d updates", got, want)
	}
	if got, want := n("app", "add"), 4*rounds; got != want {
		c.t.Errorf("%d were counted, not %d", got, want)
	}
	if got, want := n("bpp", "poor"), int(c.moved.Load()); got != want || n("app", "rich") != 1000-want {
		c.t.Errorf("the poor have %d and the rich %d after %d moves", got, n("app", "rich"), want)
	}
	stored, items := int64(0), 0
	for _, name := range c.get(c.call("ListTables", `{}`), "TableNames").([]any) {
		table := c.get(c.call("DescribeTable", toJSON(map[string]any{"TableName": name})), "Table").(map[string]any)
		stored += int64(table["TableSizeBytes"].(float64))
		items += int(table["ItemCount"].(float64))
	}
	if stored != c.StoredForTest() {
		c.t.Errorf("the tables have %d bytes, %d are counted", stored, c.StoredForTest())
	}
	if got := c.entries("item"); got != items || c.entries("index") != 0 {
		c.t.Errorf("%d items of %d, and %d entries of no index", got, items, c.entries("index"))
	}
}
