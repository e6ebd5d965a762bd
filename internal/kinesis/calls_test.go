package kinesis_test

import (
	"testing"
	"unsafe"

	"leat/internal/api"
)

// The texts of an input are in a request's memory, which is used again for the
// next request.
func TestCallsAreCountedInMemoryOfTheirOwn(t *testing.T) {
	f := newFixture(t)
	f.open(withRates)
	f.create("s", 1)
	memory := []byte("s")
	in := &api.ListTagsForStreamInput{StreamName: some(unsafe.String(&memory[0], len(memory)))}
	for range 5 {
		f.call("ListTagsForStream", in)
	}
	memory[0] = 'x'
	f.fails("ListTagsForStream", &api.ListTagsForStreamInput{StreamName: some("s")}, api.LimitExceeded,
		"Rate exceeded for stream s under account 000000000000.")
}
