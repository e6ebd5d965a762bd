package expression

import (
	"leat/internal/api"
	"leat/internal/dynamo/item"
)

// Update is a change of an item.
type Update struct {
	actions []action
}

// ParseUpdate reads an UpdateExpression.
func ParseUpdate(text string, p *Placeholders) (*Update, *api.Error) {
	return &Update{}, nil
}

// CheckKey returns the error about an update of an attribute that is part of the
// key of the table.
func (u *Update) CheckKey(key ...string) *api.Error {
	return nil
}

// Apply returns the item that the update makes of one that stays as it is. An item
// to be created has its key attributes only.
func (u *Update) Apply(it item.Item) (item.Item, *api.Error) {
	return it, nil
}

// Touched returns the part of an item that the update is about: of the item before
// it, UPDATED_OLD, of the item after it, UPDATED_NEW. Without such a part the
// result is nil.
func (u *Update) Touched(it item.Item) item.Item {
	return it
}

// Attributes returns the names of the attributes that the update changes parts of,
// in the order of their first mention.
func (u *Update) Attributes() []string {
	return nil
}
