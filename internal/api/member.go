package api

// The adaptors below are views of the Opt in which a structure or a list of
// structures is kept: converting a pointer costs nothing, so reaching a member
// of a request needs no memory.

// structureOf is *T where that is an Input.
type structureOf[T any] interface {
	*T
	Input
}

// nested is the Nested over an Opt[T].
type nested[T any, P structureOf[T]] Opt[T]

func (n *nested[T, P]) Fill() Input {
	*n = nested[T, P]{Set: true}
	return P(&n.V)
}

func (n *nested[T, P]) Filled() Input {
	if !n.Set {
		return nil
	}
	return P(&n.V)
}

func (n *nested[T, P]) Clear() { *n = nested[T, P]{} }

// list is the List over an Opt[[]T]. It uses the capacity that the slice has.
type list[T any, P structureOf[T]] Opt[[]T]

func (l *list[T, P]) Begin() {
	l.Set = true
	l.V = l.V[:0]
}

// Grow implements List. The elements after MaxEntries are one and the same.
func (l *list[T, P]) Grow() Input {
	if len(l.V) == MaxEntries {
		l.V = l.V[:len(l.V)-1]
	}
	var zero T
	l.V = append(l.V, zero)
	return P(&l.V[len(l.V)-1])
}

func (l *list[T, P]) Len() int {
	if !l.Set {
		return -1
	}
	return len(l.V)
}

func (l *list[T, P]) At(i int) Input { return P(&l.V[i]) }

func (l *list[T, P]) Clear() {
	l.Set = false
	l.V = l.V[:0]
}

// emptied returns an absent list that keeps the slice's capacity, and nothing
// that its elements referred to.
func emptied[T any](l Opt[[]T]) Opt[[]T] {
	clear(l.V)
	return Opt[[]T]{V: l.V[:0]}
}

// encodeStrings writes a list of strings.
func encodeStrings(e Encoder, list []string) {
	e.BeginList(len(list))
	for _, s := range list {
		e.String(s)
	}
	e.EndList()
}

// encodeStructs writes a list of structures.
func encodeStructs[T any, P interface {
	*T
	Output
}](e Encoder, list []T) {
	e.BeginList(len(list))
	for i := range list {
		P(&list[i]).Encode(e)
	}
	e.EndList()
}
