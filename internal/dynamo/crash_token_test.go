package dynamo_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"leat/internal/vfs"
)

// TestTokensSurviveCrashes cuts the power at every change of files that a series of
// transactions makes, each with a token, and asks for all of them again. Each has
// then been made once, whether it was acknowledged, lost or in doubt.
func TestTokensSurviveCrashes(t *testing.T) {
	total := runTokens(t, -1)
	if total < 20 {
		t.Fatalf("the script makes %d changes of files only", total)
	}
	for cut := 1; cut <= total; cut++ {
		if runTokens(t, cut); t.Failed() {
			t.Fatalf("cut after %d of %d changes", cut, total)
		}
	}
}

// runTokens performs transactions, with the power cut after some changes of files,
// and returns how many they make. Negative cut: none.
func runTokens(t *testing.T, cut int) int {
	t.Helper()
	const transactions = 8
	r := &crashRun{fixture: &fixture{t: t}, fs: vfs.NewMem()}
	r.clock.Store(int64(testStart))
	r.start()
	r.leases("app")
	r.leases("bpp")
	before := r.fs.Ops()
	if cut >= 0 {
		r.fs.CutAfter(before + cut)
	}
	add := func(i int) error {
		part := func(table string) string {
			return `{"Update":{"TableName":"` + table + `","Key":{"leaseKey":{"S":"a"}},"UpdateExpression":"ADD n :one",
				"ExpressionAttributeValues":{":one":{"N":"1"}}}}`
		}
		_, err := r.do(caller, "TransactWriteItems", fmt.Sprintf(`{"ClientRequestToken":"token-%d","TransactItems":[%s,%s]}`, i, part("app"), part("bpp")))
		return err
	}
	for i := range transactions {
		if i == transactions/2 {
			r.checkpoint()
		}
		if add(i) != nil {
			break
		}
	}
	ops := r.fs.Ops() - before
	if cut >= 0 {
		r.fs.Cut()
		r.stop()
		r.fs = r.fs.Crash(rand.New(rand.NewPCG(uint64(cut), 0)))
		r.start()
	}
	for range 2 {
		for i := range transactions {
			if err := add(i); err != nil {
				t.Errorf("transaction %d again: %v", i, err)
			}
		}
	}
	for _, table := range []string{"app", "bpp"} {
		r.answers("GetItem", `{"TableName":"`+table+`","Key":{"leaseKey":{"S":"a"}},"ProjectionExpression":"n"}`,
			fmt.Sprintf(`{"Item":{"n":{"N":"%d"}}}`, transactions))
	}
	r.stop()
	return ops
}
