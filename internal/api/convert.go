package api

import (
	"math"
	"strings"
	"unicode/utf8"
)

// Wire forms convert values alike and refuse them in the same words. What they
// share is here.

// MaxEntries is how many entries of a list or a map a request may have before the
// rest are read but not kept: more than any constraint allows, so that such a
// request is refused as it would be with all of them, and few enough that a body
// cannot be made to take many times its size in memory.
const MaxEntries = 10_000

// MaxStructures is how many structures the lists and maps of a request may have in
// all, those that are kept: more than any service allows. Lists within lists could
// otherwise take hundreds of times their size, which is a byte for each structure.
const MaxStructures = 50_000

// MaxValues is the same for values: how many entries the lists and maps of values may
// have in all, and how many parameters a form. 1000 metrics with 150 values and counts
// each are the most that a service allows.
const MaxValues = 500_000

// Bounds counts what a request gives to lists and maps. The zero value is that of none.
type Bounds struct{ structures, values int }

// Structure reports whether a list or a map of n structures may get one more, and
// counts that unless it keeps no more.
func (b *Bounds) Structure(n int) bool {
	if n < MaxEntries {
		b.structures++
	}
	return b.structures <= MaxStructures
}

// Value is Structure for values.
func (b *Bounds) Value(n int) bool {
	if n < MaxEntries {
		b.values++
	}
	return b.values <= MaxValues
}

// maxShownBytes is how much of a value a message repeats at most: more than of
// most values that are in order, and few enough that the answer to a large
// request is not larger than that.
const maxShownBytes = 16 << 10

// maxTimestamp bounds timestamps to what doubles count exactly.
const maxTimestamp = 1 << 53

// Kind is what a value is on the wire.
type Kind int

// The kinds of values. Structures and maps look the same.
const (
	KindNumber Kind = iota
	KindString
	KindBoolean
	KindBytes
	KindList
	KindMap
)

// class returns the name that the service's own parser has for scalars of the
// kind.
func (k Kind) class() string {
	switch k {
	case KindString:
		return "java.lang.String"
	case KindBoolean:
		return "java.lang.Boolean"
	case KindBytes:
		return "java.nio.HeapByteBuffer"
	case KindNumber, KindList, KindMap:
	}
	return "com.amazon.coral.value.json.numbers.TruncatingBigNumber"
}

// Mismatch returns the error about a value of a kind that cannot become m, which
// is what Input.Member returns for a member that exists, or an Input.
func Mismatch(m any, got Kind) *Error {
	switch got {
	case KindList:
		return Errorf(Serialization, "Start of list found where not expected")
	case KindMap:
		return Errorf(Serialization, "Start of structure or map found where not expected.")
	case KindNumber, KindString, KindBoolean, KindBytes:
	}
	switch m.(type) {
	case *Opt[[]string], *Opt[[]float64], List:
		return Errorf(Serialization, "Expected list or null")
	case *Opt[map[string]string], Map:
		return Errorf(Serialization, "Expected map or null")
	case Nested, Input:
		return Errorf(Serialization, "Expected null")
	}
	return Errorf(Serialization, "class %s can not be converted to %s", got.class(), scalarName(m))
}

// scalarName returns what a scalar member is called in messages.
func scalarName(m any) string {
	switch m.(type) {
	case *Opt[int32]:
		return "an Integer"
	case *Opt[int64]:
		return "an Long"
	case *Opt[float64]:
		return "an Double"
	case *Opt[bool]:
		return "an Boolean"
	case *Opt[Timestamp]:
		return "milliseconds since epoch"
	case *Opt[Blob]:
		return "a Blob"
	}
	return "an String"
}

// Clear makes a member absent, whatever its type.
func Clear(m any) {
	switch m := m.(type) {
	case *Opt[string]:
		*m = Opt[string]{}
	case *Opt[Blob]:
		*m = Opt[Blob]{}
	case *Opt[int32]:
		*m = Opt[int32]{}
	case *Opt[int64]:
		*m = Opt[int64]{}
	case *Opt[float64]:
		*m = Opt[float64]{}
	case *Opt[bool]:
		*m = Opt[bool]{}
	case *Opt[Timestamp]:
		*m = Opt[Timestamp]{}
	case *Opt[[]string]:
		*m = Opt[[]string]{}
	case *Opt[[]float64]:
		*m = Opt[[]float64]{}
	case *Opt[map[string]string]:
		*m = Opt[map[string]string]{}
	case interface{ Clear() }:
		m.Clear()
	}
}

// UTF8Len returns how many bytes a text takes once each byte that is not UTF-8 has
// become U+FFFD.
func UTF8Len(b []byte) int {
	n := len(b)
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		if r == utf8.RuneError && size == 1 {
			n += len(string(utf8.RuneError)) - 1
		}
		b = b[size:]
	}
	return n
}

// Shown returns what of a value messages repeat: all of it unless it is very
// long.
func Shown(value string) string {
	if len(value) <= maxShownBytes {
		return value
	}
	// The cut may go through a character.
	return strings.ToValidUTF8(value[:maxShownBytes], "") + "..."
}

// ParseBool converts a string to the boolean that it is.
func ParseBool(s string) (bool, *Error) {
	upper := strings.ToUpper(s)
	switch upper {
	case "TRUE", "1", "YES":
		return true, nil
	case "FALSE", "0", "NO":
		return false, nil
	}
	return false, Errorf(Serialization, "'%s' can not be converted to an Boolean", Shown(upper))
}

// FloorInt64 returns the largest integer that is not above f, or the nearest
// that there is. What is not a number is 0.
func FloorInt64(f float64) int64 {
	f = math.Floor(f)
	switch {
	case math.IsNaN(f):
		return 0
	case f >= math.MaxInt64:
		return math.MaxInt64
	case f <= math.MinInt64:
		return math.MinInt64
	}
	return int64(f)
}

// ClampInt32 returns the nearest integer to n that there is.
func ClampInt32(n int64) int32 {
	return int32(min(max(n, math.MinInt32), math.MaxInt32))
}

// RoundTimestamp returns the timestamp nearest to a number of milliseconds. What
// is not a number is 0.
func RoundTimestamp(ms float64) Timestamp {
	if math.IsNaN(ms) {
		return 0
	}
	return Timestamp(min(max(math.Round(ms), -maxTimestamp), maxTimestamp))
}
