package item

import (
	"maps"
	"slices"

	"leat/internal/api"
)

// Item is attributes by name. A nil Item is absent.
type Item map[string]Value

// List is a list of values, as a member of a request or an answer.
type List []Value

// Items is a list of items, as a member of a request or an answer.
type Items []Item

// Clone returns a copy with attributes of its own, to be changed. Values are
// immutable, so they are shared.
func (it Item) Clone() Item { return maps.Clone(it) }

// Names returns the names of the attributes in ascending order.
func (it Item) Names() []string { return slices.Sorted(maps.Keys(it)) }

var (
	_ api.Raw    = (*Value)(nil)
	_ api.Raw    = (*Item)(nil)
	_ api.Raw    = (*List)(nil)
	_ api.Raw    = (*Items)(nil)
	_ api.Output = Value{}
	_ api.Output = Item(nil)
	_ api.Output = List(nil)
	_ api.Output = Items(nil)
)
