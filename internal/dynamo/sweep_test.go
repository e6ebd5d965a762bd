package dynamo_test

import (
	"fmt"
	"testing"
	"time"
)

func TestTimeToLive(t *testing.T) {
	f := newFixture(t)
	f.sorted("app")
	now := int64(testStart) / 1000
	for i, ttl := range []string{
		fmt.Sprintf(`{"N":"%d"}`, now+60), fmt.Sprintf(`{"N":"%d.5"}`, now), fmt.Sprintf(`{"S":"%d"}`, now-1),
		fmt.Sprintf(`{"N":"%d"}`, now-6*365*86400), `{"N":"-1"}`, `{"N":"1E+100"}`, fmt.Sprintf(`{"N":"%d"}`, now),
	} {
		f.call("PutItem", fmt.Sprintf(`{"TableName":"app","Item":{"p":{"S":"a"},"n":{"N":"%d"},"color":{"S":"red"},"ttl":%s}}`, i, ttl))
	}
	left := func() []string {
		items, _ := f.pages("Query", "app", `,"KeyConditionExpression":"p = :p","ExpressionAttributeValues":{":p":{"S":"a"}}`)
		return f.texts(items, "n")
	}
	sweep := func() {
		t.Helper()
		if err := f.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	sweep()
	f.want("without TTL", left(), "0", "1", "2", "3", "4", "5", "6")
	f.call("UpdateTimeToLive", `{"TableName":"app","TimeToLiveSpecification":{"Enabled":true,"AttributeName":"ttl"}}`)
	f.want("expired and not swept", left(), "0", "1", "2", "3", "4", "5", "6")
	sweep()
	f.want("swept", left(), "0", "2", "3", "4", "5")
	f.advance(time.Minute)
	f.open()
	sweep()
	f.want("a minute later", left(), "2", "3", "4", "5")
	if n := f.entries("index"); n != 8 {
		t.Errorf("two indexes have %d entries for 4 items", n)
	}
}

// TestSweepsGoOn proves that sweeps which do not get through everything do so
// together, also with tables that come and go between them.
func TestSweepsGoOn(t *testing.T) {
	f := newFixture(t)
	f.SetSweepForTest(3)
	for _, name := range []string{"one", "two", "three", "four"} {
		f.leases(name)
		f.call("UpdateTimeToLive", `{"TableName":"`+name+`","TimeToLiveSpecification":{"Enabled":true,"AttributeName":"ttl"}}`)
		for i := range 8 {
			f.call("PutItem", fmt.Sprintf(`{"TableName":"%s","Item":{"leaseKey":{"S":"%d"},"ttl":{"N":"%d"}}}`,
				name, i, int64(testStart)/1000+int64(i%2*60)))
		}
	}
	for i := range 3 * 8 {
		if i == 4 {
			f.call("DeleteTable", `{"TableName":"two"}`)
		}
		before := f.entries("item")
		if err := f.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if gone := before - f.entries("item"); gone > 3 {
			t.Errorf("a sweep of 3 items deletes %d", gone)
		}
	}
	if n := f.entries("item"); n != 3*4 {
		t.Errorf("%d items are left of 3 tables with 4 that have not expired", n)
	}
}

// TestSweepDeletesTogether proves that items that have expired go in few writes, and
// that one that lives again meanwhile stays, and keeps no other.
func TestSweepDeletesTogether(t *testing.T) {
	f, e := newTroubled(t)
	meanwhile := &interrupted{Engine: e}
	f.engine = meanwhile
	f.open()
	f.leases("app")
	f.call("UpdateTimeToLive", `{"TableName":"app","TimeToLiveSpecification":{"Enabled":true,"AttributeName":"ttl"}}`)
	put := func(i int, ttl int64) {
		f.call("PutItem", fmt.Sprintf(`{"TableName":"app","Item":{"leaseKey":{"S":"%d"},"ttl":{"N":"%d"}}}`, i, ttl))
	}
	now := int64(testStart) / 1000
	for _, lives := range []bool{false, true} {
		for i := range 50 {
			put(i, now-1)
		}
		want, most := 0, 1
		if lives {
			want, most = 1, 50             // the one that lives is written, and 49 are deleted one by one
			meanwhile.meanwhile = func() { // after the tokens have been listed
				meanwhile.meanwhile = func() { put(7, now+60) }
			}
		}
		writes := 0
		e.refuse = func() error {
			writes++
			return nil
		}
		if err := f.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := f.entries("item"); n != want || writes > most {
			t.Errorf("%d items are left, want %d, after %d writes", n, want, writes)
		}
	}
	f.answers("Scan", `{"TableName":"app","ProjectionExpression":"leaseKey"}`, `{"Count":1,"ScannedCount":1,"Items":[{"leaseKey":{"S":"7"}}]}`)
}
