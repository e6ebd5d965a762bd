package dynamo

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"

	"leat/internal/dynamo/item"
	"leat/internal/stream"
)

// definitionVersion is the version of what is stored of a table.
const definitionVersion = 1

// The values of enumerations that decide something.
const (
	payPerRequest = "PAY_PER_REQUEST"
	provisioned   = "PROVISIONED"

	projectAll      = "ALL"
	projectKeys     = "KEYS_ONLY"
	projectIncluded = "INCLUDE"
)

// definition is a table as it is stored, in JSON.
type definition struct {
	Version int `json:"version"`
	// Number is the table's, 0 until it is known: then it is the revision of the
	// entry.
	Number  uint64        `json:"number,omitempty"`
	ID      string        `json:"id"`
	Created stream.Millis `json:"created"`

	Attributes []attribute `json:"attributes"`
	Key        keySchema   `json:"key"`
	// Indexes are in the order in which they were made.
	Indexes []index `json:"indexes,omitempty"`

	Billing    billing     `json:"billing"`
	Throughput throughput  `json:"throughput"`
	OnDemand   *onDemand   `json:"onDemand,omitempty"`
	Class      *tableClass `json:"class,omitempty"`
	Protected  bool        `json:"protected,omitempty"`

	Tags map[string]string `json:"tags,omitempty"`
	// TimeToLive is the attribute that says when an item expires, "" for none.
	TimeToLive string   `json:"timeToLive,omitempty"`
	Recovery   recovery `json:"recovery"`
}

// attribute is an attribute that keys are made of, and its type: S, N or B.
type attribute struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// keySchema is the key of a table or an index. Sort is "" where there is none.
type keySchema struct {
	Partition string `json:"partition"`
	Sort      string `json:"sort,omitempty"`
}

// names returns the names of the key's attributes.
func (k keySchema) names() []string {
	if k.Sort == "" {
		return []string{k.Partition}
	}
	return []string{k.Partition, k.Sort}
}

// index is a secondary index.
type index struct {
	// Number tells it from all indexes that the table ever had.
	Number     uint64     `json:"number"`
	Name       string     `json:"name"`
	Local      bool       `json:"local,omitempty"`
	Key        keySchema  `json:"key"`
	Projection string     `json:"projection"`
	Included   []string   `json:"included,omitempty"`
	Throughput throughput `json:"throughput"`
	OnDemand   *onDemand  `json:"onDemand,omitempty"`
}

// billing is how a table is paid for, and since when on demand.
type billing struct {
	Mode          string        `json:"mode"`
	Shown         bool          `json:"shown,omitempty"` // it was ever on demand
	OnDemandSince stream.Millis `json:"onDemandSince,omitempty"`
}

// throughput is what was provisioned, and when it was changed.
type throughput struct {
	Read      int64         `json:"read,omitempty"`
	Write     int64         `json:"write,omitempty"`
	Increased stream.Millis `json:"increased,omitempty"`
	Decreased stream.Millis `json:"decreased,omitempty"`
}

// onDemand is the most that is wanted of a table on demand; 0 is not said.
type onDemand struct {
	Read  int64 `json:"read,omitempty"`
	Write int64 `json:"write,omitempty"`
}

// tableClass is the class that a table was given.
type tableClass struct {
	Name    string        `json:"name"`
	Changed stream.Millis `json:"changed,omitempty"`
}

// recovery is the setting of point-in-time recovery.
type recovery struct {
	Enabled bool  `json:"enabled,omitempty"`
	Days    int32 `json:"days,omitempty"`
}

// clone returns a copy that shares nothing that may be changed.
func (d definition) clone() definition {
	d.Attributes = slices.Clone(d.Attributes)
	d.Indexes = slices.Clone(d.Indexes)
	d.Tags = maps.Clone(d.Tags)
	return d
}

// encode returns what is stored.
func (d definition) encode() []byte {
	d.Version = definitionVersion
	b, err := json.Marshal(d)
	if err != nil {
		panic("BUG: " + err.Error()) // it has strings and numbers only
	}
	return b
}

// decodeDefinition returns the definition that is stored as b.
func decodeDefinition(b []byte) (definition, error) {
	var d definition
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&d); err != nil {
		return definition{}, err
	}
	if _, err := dec.Token(); err != io.EOF {
		return definition{}, fmt.Errorf("something follows the definition")
	}
	if d.Version != definitionVersion {
		return definition{}, fmt.Errorf("version %d is not known", d.Version)
	}
	return d, d.check()
}

// check returns an error unless all keys are made of attributes of known types,
// and all indexes are told apart.
func (d definition) check() error {
	if err := d.checkKey(d.Key); err != nil {
		return err
	}
	numbers, names := map[uint64]bool{}, map[string]bool{}
	for _, ix := range d.Indexes {
		if err := d.checkKey(ix.Key); err != nil {
			return fmt.Errorf("index %s: %w", ix.Name, err)
		}
		if numbers[ix.Number] || names[ix.Name] {
			return fmt.Errorf("index %s is there twice", ix.Name)
		}
		numbers[ix.Number], names[ix.Name] = true, true
	}
	return nil
}

func (d definition) checkKey(k keySchema) error {
	for _, name := range k.names() {
		if t := d.typeOf(name); t != item.TypeS && t != item.TypeN && t != item.TypeB {
			return fmt.Errorf("the key attribute %q has no type that a key may have", name)
		}
	}
	return nil
}

// typeOf returns the type of an attribute that keys are made of.
func (d definition) typeOf(name string) item.Type {
	for _, a := range d.Attributes {
		if a.Name == name {
			return item.TypeOf(a.Type)
		}
	}
	return item.None
}

// nextIndex returns the number that the next index gets, if no other was given it.
func (d definition) nextIndex() uint64 {
	next := uint64(1)
	for _, ix := range d.Indexes {
		next = max(next, ix.Number+1)
	}
	return next
}
