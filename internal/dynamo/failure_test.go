package dynamo_test

import (
	"context"
	"fmt"
	"testing"

	"leat/internal/api"
	"leat/internal/api/dynamodb"
	"leat/internal/engine"
)

// troubled is an engine that refuses writes while refuse returns an error.
type troubled struct {
	engine.Engine
	refuse func() error
}

func (e *troubled) Write(ctx context.Context, changes []engine.Change) (engine.Revision, error) {
	if err := e.refuse(); err != nil {
		return 0, err
	}
	return e.Engine.Write(ctx, changes)
}

// newTroubled returns a fixture whose engine can be given trouble.
func newTroubled(t *testing.T) (*fixture, *troubled) {
	t.Helper()
	f := newFixture(t)
	e := &troubled{Engine: f.engine, refuse: func() error { return nil }}
	f.engine = e
	f.open()
	return f, e
}

func TestEngineRefuses(t *testing.T) {
	f, e := newTroubled(t)
	f.leases("app")
	f.call("PutItem", `{"TableName":"app","Item":{"leaseKey":{"S":"a"}}}`)
	before := f.StoredForTest()
	for _, test := range []struct {
		err     error
		code    api.Code
		message string
	}{
		{engine.ErrFull, api.ServiceUnavailable, "The server cannot take more data now. Try again later."},
		{engine.ErrFailed, api.InternalServerError, "Internal server error"},
		{engine.ErrUnknown, api.InternalServerError, "Internal server error"},
		{engine.ErrInvalid, api.Validation, "The items and their keys in indexes are too large together to be written at once"},
	} {
		e.refuse = func() error { return fmt.Errorf("write: %w", test.err) }
		for _, call := range [][2]string{
			{"PutItem", `{"TableName":"app","Item":{"leaseKey":{"S":"b"}}}`},
			{"DeleteItem", `{"TableName":"app","Key":{"leaseKey":{"S":"a"}}}`},
			{"CreateTable", `{"TableName":"bpp","BillingMode":"PAY_PER_REQUEST",` + leaseTable + `}`},
			{"UpdateTable", `{"TableName":"app",` + ownerIndex + `}`},
			{"DeleteTable", `{"TableName":"app"}`},
		} {
			f.fails(call[0], call[1], test.code, test.message)
		}
	}
	e.refuse = func() error { return nil }
	if n := f.StoredForTest(); n != before {
		t.Errorf("%d bytes are counted after refusals, %d before", n, before)
	}
	f.answers("Scan", `{"TableName":"app"}`, `{"Count":1,"ScannedCount":1,"Items":[{"leaseKey":{"S":"a"}}]}`)
	f.answers("ListTables", `{}`, `{"TableNames":["app"]}`)
}

// TestIndexThatCannotBeFinished proves that of an index nothing is left that could
// not be built, and that it can be made later.
func TestIndexThatCannotBeFinished(t *testing.T) {
	f, e := newTroubled(t)
	f.leases("app")
	for i := range 300 { // built in two writes
		f.call("PutItem", fmt.Sprintf(`{"TableName":"app","Item":{"leaseKey":{"S":"%03d"},"leaseOwner":{"S":"w"}}}`, i))
	}
	for refused := 1; refused <= 3; refused++ { // two are of entries, the third is of the definition
		n := 0
		e.refuse = func() error {
			if n++; n == refused {
				return engine.ErrFull
			}
			return nil
		}
		f.fails("UpdateTable", `{"TableName":"app",`+ownerIndex+`}`, api.ServiceUnavailable, "The server cannot take more data now. Try again later.")
		f.fails("Scan", `{"TableName":"app","IndexName":"LeaseOwnerToLeaseKeyIndex"}`, api.Validation,
			"The table does not have the specified index: LeaseOwnerToLeaseKeyIndex")
		f.call("PutItem", `{"TableName":"app","Item":{"leaseKey":{"S":"000"},"leaseOwner":{"S":"w"}}}`)
		if n := f.entries("index"); n != 0 {
			t.Errorf("%d entries are left", n)
		}
	}
	e.refuse = func() error { return nil }
	f.call("UpdateTable", `{"TableName":"app",`+ownerIndex+`}`)
	if n := len(f.owned("w")); n != 300 {
		t.Errorf("the index has %d of 300 leases", n)
	}
}

// TestLeftovers proves that what cannot be removed with a table is removed later, by
// a sweep or after a restart.
func TestLeftovers(t *testing.T) {
	for _, restart := range []bool{false, true} {
		f, e := newTroubled(t)
		f.leases("app")
		f.call("UpdateTable", `{"TableName":"app",`+ownerIndex+`}`)
		for i := range 5 {
			f.call("PutItem", fmt.Sprintf(`{"TableName":"app","Item":{"leaseKey":{"S":"%d"},"leaseOwner":{"S":"w"}}}`, i))
		}
		n := 0
		e.refuse = func() error {
			if n++; n > 1 {
				return engine.ErrFull
			}
			return nil
		}
		f.call("DeleteTable", `{"TableName":"app"}`)
		if n := f.entries("item") + f.entries("index"); n != 10 {
			t.Errorf("%d entries are left, the engine refused to remove 10", n)
		}
		e.refuse = func() error { return nil }
		f.leases("app")
		f.answers("Scan", `{"TableName":"app"}`, `{"Count":0,"ScannedCount":0,"Items":[]}`)
		if restart {
			f.open()
		} else if err := f.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := f.entries("item") + f.entries("index"); n != 0 {
			t.Errorf("%d entries are left for ever", n)
		}
	}
}

// TestDeleteTableWithoutClient proves that a table's items go also if the client does.
func TestDeleteTableWithoutClient(t *testing.T) {
	f, e := newTroubled(t)
	f.leases("app")
	for i := range 5 {
		f.call("PutItem", fmt.Sprintf(`{"TableName":"app","Item":{"leaseKey":{"S":"%d"}}}`, i))
	}
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	e.refuse = func() error {
		if n++; n == 2 { // the first is of the definition
			cancel()
		}
		return nil
	}
	in := &dynamodb.DeleteTableInput{TableName: api.Some("app")}
	if _, err := f.ops["DeleteTable"].Call(ctx, caller, in); err != nil {
		t.Fatal(err)
	}
	if ctx.Err() == nil || f.entries("item") != 0 {
		t.Errorf("%d items are left after %d writes", f.entries("item"), n)
	}
}
