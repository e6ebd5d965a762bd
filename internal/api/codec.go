// Package api holds what the Kinesis wire says, without any wire form: the
// input and output shapes of the operations, the constraints on inputs, and
// the errors.
//
// inputs_gen.go, outputs_gen.go and schema_gen.go are generated from
// operations.json by internal/api/gen. Inputs are filled and outputs are read
// through the small interfaces of this file, which wire forms (JSON, CBOR)
// implement once for all shapes, without reflection.
//
// A name has the shape that the service's model gives it. All members of a
// request are optional (Opt), since Validate says what is missing; required
// members of an answer are plain values. StreamModeDetails is within both and is
// a request's.
package api

//go:generate go run ./gen

// Input is a request shape. Every member is reached by its name.
//
// Strings and blobs of an input may refer to the request's body, so they are
// valid only until the request has been answered.
type Input interface {
	// Member returns where a member's value goes: a *Opt[string], *Opt[int32],
	// *Opt[int64], *Opt[bool], *Opt[Timestamp], *Opt[Blob], *Opt[[]string],
	// *Opt[map[string]string], a Nested or a List; nil for a name that the
	// shape does not have.
	Member(name string) any
}

// Nested is a member that is a structure of its own.
type Nested interface {
	// Fill marks the member as there and returns it to be filled.
	Fill() Input
	// Filled returns the structure if it is there, else nil.
	Filled() Input
	// Clear makes the member absent.
	Clear()
}

// List is a member that is a list of structures.
type List interface {
	// Begin marks the list as there, and empty.
	Begin()
	// Grow appends an element and returns it to be filled before the next
	// call. A list of MaxEntries gets no longer: its last element is replaced.
	Grow() Input
	// Len returns the number of elements, or -1 when the list is absent.
	Len() int
	// At returns element i.
	At(i int) Input
	// Clear makes the list absent.
	Clear()
}

// Resetter is an Input that is worth using again: Reset makes all its members
// absent, lets go of the request's body and keeps the memory of its lists.
type Resetter interface{ Reset() }

// Output is an answer's shape.
type Output interface {
	// Encode writes the members that are there, in the model's order.
	Encode(e Encoder)
}

// Encoder writes values in one wire form. Within a structure each value
// follows its Key; within a list values follow each other.
type Encoder interface {
	BeginStruct()
	EndStruct()
	BeginList(n int)
	EndList()
	Key(name string)
	String(s string)
	Int(n int64)
	Bool(b bool)
	Timestamp(t Timestamp)
	Blob(b Blob)
}

// Releaser is an Output that holds memory to be given back once it has been
// encoded.
type Releaser interface{ Release() }

// Sizer is an Output that may be large and knows about how many bytes it will
// take when it is encoded.
type Sizer interface{ EncodedSize() int }
