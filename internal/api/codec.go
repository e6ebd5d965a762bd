// Package api holds what the Kinesis wire says, without any wire form: the
// input and output shapes of the operations, the constraints on inputs, and
// the errors. The shapes of the other services are in packages below this one,
// and made of the same parts.
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
	// *Opt[int64], *Opt[float64], *Opt[bool], *Opt[Timestamp], *Opt[Blob],
	// *Opt[[]string], *Opt[[]float64], *Opt[map[string]string], a Nested, a List,
	// a Map or a Raw; nil for a name that the shape does not have.
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

// Map is a member that is a map to structures or to lists of them. It is in the
// shapes of services that speak JSON; other wire forms pass it over.
type Map interface {
	// Begin marks the map as there, and empty.
	Begin()
	// Put adds an entry, or replaces it, and returns where its value goes: an
	// Input or a List. A map of MaxEntries gets no more.
	Put(key string) any
	// Len returns the number of entries, or -1 when the map is absent.
	Len() int
	// Keys returns the keys in order.
	Keys() []string
	// At returns the value of a key that is there, as Put has.
	At(key string) any
	// Clear makes the map absent.
	Clear()
}

// Raw is a member whose form is none of this package's: it reads its own text,
// which is JSON. Other wire forms pass it over.
type Raw interface {
	// Parse makes the member what a text says, which is valid JSON and not
	// null. It keeps nothing of the text.
	Parse(text []byte) *Error
	// Present says whether the member is there.
	Present() bool
	// Clear makes the member absent.
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
// follows its Key; within a list values follow each other. A map is a structure
// whose values follow each a MapKey.
type Encoder interface {
	BeginStruct()
	EndStruct()
	BeginList(n int)
	EndList()
	Key(name string)
	MapKey(key string)
	String(s string)
	Int(n int64)
	Float(f float64)
	Bool(b bool)
	Timestamp(t Timestamp)
	Blob(b Blob)
}

// Releaser is an Output that holds memory to be given back once it has been
// encoded. Its strings and blobs are valid until then.
type Releaser interface{ Release() }

// Sizer is an Output that may be large and knows about how many bytes it will
// take when it is encoded.
type Sizer interface{ EncodedSize() int }

// Shared is an Output that other answers may have in common with this one.
type Shared interface {
	// Encoded returns what the first answer in a form has got from encode, which
	// appends to what it is given. It may be used until this answer releases the
	// output. An output that is this answer's alone returns nil.
	Encoded(form string, encode func(dst []byte) []byte) []byte
}
