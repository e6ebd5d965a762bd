package api

// Opt is a member that a request or an answer may leave out. Absent and null
// are the same.
type Opt[T any] struct {
	V   T
	Set bool
}

// Some returns a member that is there.
func Some[T any](v T) Opt[T] { return Opt[T]{V: v, Set: true} }

// Or returns the member's value, or v when it is absent.
func (o Opt[T]) Or(v T) T {
	if o.Set {
		return o.V
	}
	return v
}

// Timestamp is an instant in milliseconds since the Unix epoch. On the wire it
// is a number of seconds in JSON.
type Timestamp int64
