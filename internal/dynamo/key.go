package dynamo

import (
	"crypto/md5"
	"encoding/binary"
	"errors"
	"strconv"

	"leat/internal/dynamo/expression"
	"leat/internal/dynamo/item"
	"leat/internal/engine"
)

// The first parts of the KV's keys. The package comment draws them.
const (
	tablesPart  = "table"
	itemsPart   = "item"
	entriesPart = "index"
	tokensPart  = "token"
)

// numberPart is how the numbers of tables and indexes are parts of keys.
func numberPart(n uint64) string { return strconv.FormatUint(n, 36) }

// itemsKey is what the keys of all items of a table begin with.
func itemsKey(table uint64) engine.Key { return engine.NewKey(itemsPart, numberPart(table)) }

// entriesKey is what the keys of all entries of a table's indexes begin with.
func entriesKey(table uint64) engine.Key { return engine.NewKey(entriesPart, numberPart(table)) }

// schema is the key of a table or an index, with the types of its attributes. The
// sort key has no name and no type where there is none.
type schema struct{ partition, sort expression.KeyAttribute }

// schema returns the key that k is, with types.
func (d definition) schema(k keySchema) schema {
	sc := schema{partition: expression.KeyAttribute{Name: k.Partition, Type: d.typeOf(k.Partition)}}
	if k.Sort != "" {
		sc.sort = expression.KeyAttribute{Name: k.Sort, Type: d.typeOf(k.Sort)}
	}
	return sc
}

func (sc schema) sorted() bool { return sc.sort.Name != "" }

// attributes returns the attributes of the key.
func (sc schema) attributes() []expression.KeyAttribute {
	if !sc.sorted() {
		return []expression.KeyAttribute{sc.partition}
	}
	return []expression.KeyAttribute{sc.partition, sc.sort}
}

// names returns the names of the key's attributes.
func (sc schema) names() []string {
	if !sc.sorted() {
		return []string{sc.partition.Name}
	}
	return []string{sc.partition.Name, sc.sort.Name}
}

// keyForm is the key of an item, or what an index has in its place: the values of
// the key attributes in their key form.
type keyForm struct{ partition, sort string }

// hash is the place of a partition among all.
func (k keyForm) hash() string {
	sum := md5.Sum([]byte(k.partition))
	return string(sum[:8])
}

// form returns the key form of the attributes of an item. It is ok if the item has
// all, with the types that they should have, as the items of a table do.
func (sc schema) form(it item.Item) (k keyForm, ok bool) {
	if k.partition, ok = formOf(it, sc.partition); !ok || !sc.sorted() {
		return k, ok
	}
	k.sort, ok = formOf(it, sc.sort)
	return k, ok
}

func formOf(it item.Item, a expression.KeyAttribute) (string, bool) {
	v, ok := it[a.Name]
	if !ok || v.Type() != a.Type {
		return "", false
	}
	return string(item.AppendKey(nil, v)), true
}

// errKeyForm is what is wrong with a stored key that cannot be read.
var errKeyForm = errors.New("a stored key cannot be read")

// fill sets the attributes of a key in an item.
func (sc schema) fill(it item.Item, k keyForm) error {
	v, rest, err := item.DecodeKey([]byte(k.partition), sc.partition.Type)
	if err != nil || len(rest) > 0 {
		return errKeyForm
	}
	it[sc.partition.Name] = v
	if !sc.sorted() {
		return nil
	}
	if v, rest, err = item.DecodeKey([]byte(k.sort), sc.sort.Type); err != nil || len(rest) > 0 {
		return errKeyForm
	}
	it[sc.sort.Name] = v
	return nil
}

// split takes apart a key whose forms follow each other.
func (sc schema) split(joined string) (keyForm, error) {
	_, rest, err := item.DecodeKey([]byte(joined), sc.partition.Type)
	if err != nil {
		return keyForm{}, errKeyForm
	}
	at := len(joined) - len(rest)
	return keyForm{joined[:at], joined[at:]}, nil
}

// itemKey returns the KV's key of an item, below the key of all items.
func (sc schema) itemKey(items engine.Key, k keyForm) engine.Key {
	if !sc.sorted() {
		return items.Child(k.hash(), k.partition)
	}
	return items.Child(k.hash(), k.partition, k.sort)
}

// entryKey returns the KV's key of the entry that an index, below whose key it is,
// has for an item.
func entryKey(entries engine.Key, in, of keyForm) engine.Key {
	return entries.Child(in.hash(), in.partition, in.sort, of.partition+of.sort)
}

// before returns a key that is less than k and greater than all keys less than k.
func before(k engine.Key) engine.Key {
	// A part ends with 00 01, and within it a zero is followed by FF.
	return k[:len(k)-1] + "\x00"
}

// stored returns the value of an item's entry, or of an index's where b is nil.
func stored(size int, b []byte) []byte {
	v := make([]byte, 0, len(b)+binary.MaxVarintLen32)
	return append(binary.AppendUvarint(v, uint64(size)), b...)
}

var errStored = errors.New("a stored value cannot be read")

// storedSize returns the size that begins a stored value, and what follows it.
func storedSize(value []byte) (size int, rest []byte, err error) {
	n, width := binary.Uvarint(value)
	if width <= 0 || n > item.MaxSize {
		return 0, nil, errStored
	}
	return int(n), value[width:], nil
}

// loadItem returns the item that is stored as a value, and its size.
func loadItem(value []byte) (item.Item, int, error) {
	size, b, err := storedSize(value)
	if err != nil {
		return nil, 0, err
	}
	it, err := item.Decode(b)
	return it, size, err
}
