// Package dynamodb holds what DynamoDB Local, Amazon's own emulator, answers to
// a table of calls, and asks leat the same.
//
// A book in testdata/books is a file of cases about one area. A case names the tables
// and items that it starts with and is a list of steps; a step is one call with
// what the oracle answered:
//
//	{
//	  "call": "GetItem",
//	  "input": {"TableName": "hash", "Key": {"k": {"S": "a"}}},
//	  "answer": {"status": 200, "output": {"Item": {"k": {"S": "a"}}}},
//	  "leat": {"why": "shape", "answer": {...}}
//	}
//
// The last member is there only where leat answers otherwise; why is one of the
// reasons in testdata/reasons.json. [step] describes what else a step may say, [expand] the shorthands of an
// input and [normalize] what of an answer is compared.
//
// To record the answers again, run test/compat/dynamodb/record. To declare what leat answers now to each step that fails, run
//
//	go test ./test/compat/dynamodb -declare
//
// and name the reasons: a difference without one fails.
package dynamodb

import (
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"leat/internal/leattest"
)

var (
	recordFrom = flag.String("record", "", "the `URL` of the oracle: record its answers")
	declare    = flag.Bool("declare", false, "declare what leat answers otherwise")
)

// TestReplay asks leat what the oracle was asked.
func TestReplay(t *testing.T) {
	if *recordFrom != "" {
		t.Skip("recording")
	}
	tables := readTables(t)
	for _, path := range books(t) {
		b := readBook(t, path)
		t.Run(b.name, func(t *testing.T) {
			for i := range b.Cases {
				c := &b.Cases[i]
				t.Run(c.Name, func(t *testing.T) { replay(t, c, tables) })
			}
		})
		if *declare {
			b.write(t, path)
		}
	}
}

// replay runs one case on a server of its own and compares.
func replay(t *testing.T, c *testCase, tables tableSet) {
	asked := newEndpoint(leattest.Start(t).URL(), "leat")
	asked.prepare(t, c, tables)
	for i := range c.Steps {
		s := &c.Steps[i]
		got := asked.perform(t, s)
		if *declare {
			s.declare(got)
		}
		s.check(t, i, got)
	}
}

// declare makes the difference of a step what it is now. The reason of an
// earlier one stays.
func (s *step) declare(got answer) {
	switch {
	case got.equal(s.Answer):
		s.Leat = nil
	case s.Leat == nil:
		s.Leat = &difference{Answer: got}
	default:
		s.Leat.Answer = got
	}
}

func (s *step) check(t *testing.T, i int, got answer) {
	t.Helper()
	switch {
	case s.Leat == nil && !got.equal(s.Answer):
		t.Errorf("step %d: %s %s\n leat:   %s\n oracle: %s", i, s.Call, s.asked(), got, s.Answer)
	case s.Leat == nil:
	case got.equal(s.Answer):
		t.Errorf("step %d: %s %s\n answers as the oracle does: declare no difference", i, s.Call, s.asked())
	case !got.equal(s.Leat.Answer):
		t.Errorf("step %d: %s %s\n leat:     %s\n declared: %s", i, s.Call, s.asked(), got, s.Leat.Answer)
	}
}

// TestRecord asks the oracle everything and writes down what it answers.
func TestRecord(t *testing.T) {
	if *recordFrom == "" {
		t.Skip("without -record there is nobody to ask")
	}
	tables := readTables(t)
	for _, path := range books(t) {
		b := readBook(t, path)
		t.Run(b.name, func(t *testing.T) {
			for i := range b.Cases {
				// The oracle keeps a database for each access key.
				asked := newEndpoint(*recordFrom, b.name+strconv.Itoa(i)+"x"+strconv.Itoa(os.Getpid()))
				asked.record(t, &b.Cases[i], tables)
			}
			b.write(t, path)
		})
	}
}

// record writes the answers into a case.
func (e *endpoint) record(t *testing.T, c *testCase, tables tableSet) {
	t.Helper()
	e.prepare(t, c, tables)
	for i := range c.Steps {
		c.Steps[i].Answer = e.perform(t, &c.Steps[i])
	}
}

// TestBooks checks what the other tests cannot see: that every step has an
// answer, every difference a reason, and that no operation was forgotten.
func TestBooks(t *testing.T) {
	called, given := make(map[string]bool), make(map[string]bool)
	reasons := readReasons(t)
	for _, path := range books(t) {
		b := readBook(t, path)
		for _, c := range b.Cases {
			for i, s := range c.Steps {
				called[s.Call] = true
				if s.Answer.Status == 0 && *recordFrom == "" {
					t.Errorf("%s: %s: step %d has no recorded answer", b.name, c.Name, i)
				}
				if s.Leat == nil {
					continue
				}
				given[s.Leat.Why] = true
				if reasons[s.Leat.Why] == "" {
					t.Errorf("%s: %s: step %d: why does leat answer otherwise?", b.name, c.Name, i)
				}
			}
		}
	}
	for _, operation := range operations {
		if !called[operation] {
			t.Errorf("no step calls %s", operation)
		}
	}
	for reason := range reasons {
		if !given[reason] {
			t.Errorf("no difference has the reason %q", reason)
		}
	}
}

// operations are those that leat's subset of DynamoDB has.
var operations = strings.Fields(`
	BatchGetItem BatchWriteItem CreateTable DeleteItem DeleteTable DescribeContinuousBackups
	DescribeEndpoints DescribeLimits DescribeTable DescribeTimeToLive GetItem ListTables
	ListTagsOfResource PutItem Query Scan TagResource TransactGetItems TransactWriteItems
	UntagResource UpdateContinuousBackups UpdateItem UpdateTable UpdateTimeToLive`)

// books returns the paths of all books.
func books(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", "books", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) == 0 {
		t.Fatal("there are no books")
	}
	return paths
}
