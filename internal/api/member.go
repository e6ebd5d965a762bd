package api

import (
	"maps"
	"slices"
)

// The adaptors below, for generated shapes, are views of the Opt in which a structure or a list of
// structures is kept: converting a pointer costs nothing, so reaching a member
// of a request needs no memory.

// structureOf is *T where that is an Input.
type structureOf[T any] interface {
	*T
	Input
}

// NestedOf is the Nested over an Opt[T].
type NestedOf[T any, P structureOf[T]] Opt[T]

// Fill implements Nested.
func (n *NestedOf[T, P]) Fill() Input {
	*n = NestedOf[T, P]{Set: true}
	return P(&n.V)
}

// Filled implements Nested.
func (n *NestedOf[T, P]) Filled() Input {
	if !n.Set {
		return nil
	}
	return P(&n.V)
}

// Clear implements Nested.
func (n *NestedOf[T, P]) Clear() { *n = NestedOf[T, P]{} }

// ListOf is the List over an Opt[[]T]. It uses the capacity that the slice has.
type ListOf[T any, P structureOf[T]] Opt[[]T]

// Begin implements List.
func (l *ListOf[T, P]) Begin() {
	l.Set = true
	l.V = l.V[:0]
}

// Grow implements List. The elements after MaxEntries are one and the same.
func (l *ListOf[T, P]) Grow() Input {
	if len(l.V) == MaxEntries {
		l.V = l.V[:len(l.V)-1]
	}
	var zero T
	l.V = append(l.V, zero)
	return P(&l.V[len(l.V)-1])
}

// Len implements List.
func (l *ListOf[T, P]) Len() int {
	if !l.Set {
		return -1
	}
	return len(l.V)
}

// At implements List.
func (l *ListOf[T, P]) At(i int) Input { return P(&l.V[i]) }

// Clear implements List.
func (l *ListOf[T, P]) Clear() {
	l.Set = false
	l.V = l.V[:0]
}

// MapOf is the Map to structures over an Opt[map[string]*T].
type MapOf[T any, P structureOf[T]] Opt[map[string]*T]

// Begin implements Map.
func (m *MapOf[T, P]) Begin() { *m = MapOf[T, P]{V: map[string]*T{}, Set: true} }

// Put implements Map.
func (m *MapOf[T, P]) Put(key string) any { return P(putEntry(m.V, key)) }

// Len implements Map.
func (m *MapOf[T, P]) Len() int { return entryCount(Opt[map[string]*T](*m)) }

// Keys implements Map.
func (m *MapOf[T, P]) Keys() []string { return slices.Sorted(maps.Keys(m.V)) }

// At implements Map.
func (m *MapOf[T, P]) At(key string) any { return P(m.V[key]) }

// Clear implements Map.
func (m *MapOf[T, P]) Clear() { *m = MapOf[T, P]{} }

// MapOfLists is the Map to lists of structures over an Opt[map[string]*Opt[[]T]].
type MapOfLists[T any, P structureOf[T]] Opt[map[string]*Opt[[]T]]

// Begin implements Map.
func (m *MapOfLists[T, P]) Begin() { *m = MapOfLists[T, P]{V: map[string]*Opt[[]T]{}, Set: true} }

// Put implements Map.
func (m *MapOfLists[T, P]) Put(key string) any { return (*ListOf[T, P])(putEntry(m.V, key)) }

// Len implements Map.
func (m *MapOfLists[T, P]) Len() int { return entryCount(Opt[map[string]*Opt[[]T]](*m)) }

// Keys implements Map.
func (m *MapOfLists[T, P]) Keys() []string { return slices.Sorted(maps.Keys(m.V)) }

// At implements Map.
func (m *MapOfLists[T, P]) At(key string) any { return (*ListOf[T, P])(m.V[key]) }

// Clear implements Map.
func (m *MapOfLists[T, P]) Clear() { *m = MapOfLists[T, P]{} }

// putEntry adds an entry to a map, unless that has MaxEntries: then the value
// belongs to no map.
func putEntry[T any](m map[string]*T, key string) *T {
	v := new(T)
	if _, again := m[key]; again || len(m) < MaxEntries {
		m[key] = v
	}
	return v
}

func entryCount[T any](m Opt[map[string]T]) int {
	if !m.Set {
		return -1
	}
	return len(m.V)
}

// RawOf is the Raw over an Opt[T].
type RawOf[T any, P interface {
	*T
	Parse(text []byte) *Error
}] Opt[T]

// Parse implements Raw.
func (r *RawOf[T, P]) Parse(text []byte) *Error {
	*r = RawOf[T, P]{Set: true}
	return P(&r.V).Parse(text)
}

// Present implements Raw.
func (r *RawOf[T, P]) Present() bool { return r.Set }

// Clear implements Raw.
func (r *RawOf[T, P]) Clear() { *r = RawOf[T, P]{} }

// Emptied returns an absent list that keeps the slice's capacity, and nothing
// that its elements referred to.
func Emptied[T any](l Opt[[]T]) Opt[[]T] {
	clear(l.V)
	return Opt[[]T]{V: l.V[:0]}
}

// EncodeStrings writes a list of strings.
func EncodeStrings(e Encoder, list []string) {
	e.BeginList(len(list))
	for _, s := range list {
		e.String(s)
	}
	e.EndList()
}

// RecordEncoder is an Encoder that has a way of its own, and with the same result,
// to write what most answers consist of.
type RecordEncoder interface{ EncodeRecords(records []Record) }

// EncodeStructs writes a list of structures.
func EncodeStructs[T any, P interface {
	*T
	Output
}](e Encoder, list []T) {
	e.BeginList(len(list))
	defer e.EndList()
	if records, ok := any(list).([]Record); ok {
		if r, ok := e.(RecordEncoder); ok {
			r.EncodeRecords(records)
			return
		}
	}
	for i := range list {
		P(&list[i]).Encode(e)
	}
}

// EncodeFloats writes a list of numbers.
func EncodeFloats(e Encoder, list []float64) {
	e.BeginList(len(list))
	for _, f := range list {
		e.Float(f)
	}
	e.EndList()
}

// EncodeTimestamps writes a list of instants.
func EncodeTimestamps(e Encoder, list []Timestamp) {
	e.BeginList(len(list))
	for _, t := range list {
		e.Timestamp(t)
	}
	e.EndList()
}

// EncodeMap writes a map in the order of its keys; value writes a value.
func EncodeMap[T any](e Encoder, m map[string]T, value func(T)) {
	e.BeginStruct()
	for _, key := range slices.Sorted(maps.Keys(m)) {
		e.MapKey(key)
		value(m[key])
	}
	e.EndStruct()
}
