package item

import (
	"encoding/base64"
	"strings"

	"leat/internal/api"
)

const emptyValue = "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"

// invalidValue begins most messages about the content of values.
const invalidValue = "One or more parameter values were invalid: "

// fault returns the value whose content a complaint is about.
func fault(complaint string) Value { return Value{faulty: true, text: complaint} }

// Validate returns the ValidationException about the content of a value that Parse
// has made, or nil. A value that it finds fault with has no other use.
func (v Value) Validate() *api.Error {
	if v.faulty {
		return api.Errorf(api.Validation, "%s", v.text)
	}
	if v.elements == nil {
		return nil
	}
	if err := v.elements.m.Validate(); err != nil {
		return err
	}
	return List(v.elements.list).Validate()
}

// maxNameBytes is how long the name of an attribute may be.
const maxNameBytes = 64<<10 - 1

// CheckName returns the error about a name that no attribute may have, or nil.
func CheckName(name string) *api.Error {
	switch {
	case name == "":
		return api.Errorf(api.Validation, "Empty attribute name")
	case len(name) > maxNameBytes:
		return api.Errorf(api.Validation, "Attribute name is too large, must be less than %d bytes", maxNameBytes+1)
	}
	return nil
}

// Validate validates the names and the values, in the order of the names.
func (it Item) Validate() *api.Error {
	for _, name := range it.Names() {
		if err := CheckName(name); err != nil {
			return err
		}
		if err := it[name].Validate(); err != nil {
			return err
		}
	}
	return nil
}

// Validate validates the values.
func (l List) Validate() *api.Error {
	for _, v := range l {
		if err := v.Validate(); err != nil {
			return err
		}
	}
	return nil
}

// Validate validates the items.
func (l Items) Validate() *api.Error {
	for _, it := range l {
		if err := it.Validate(); err != nil {
			return err
		}
	}
	return nil
}

// checkedSet returns the set of elements of type t, or the fault with it. The
// words, with their blanks, are the service's.
func checkedSet(t Type, list []Value) Value {
	if len(list) == 0 {
		return fault(invalidValue + map[Type]string{
			TypeS: "An string set  may not be empty",
			TypeN: "An number set  may not be empty",
			TypeB: "Binary sets should not be empty",
		}[t])
	}
	if i := firstFault(list); i >= 0 {
		return list[i]
	}
	set := Set(list...)
	if len(set.index()) == len(list) {
		return set
	}
	if t == TypeN {
		return fault("Input collection contains duplicates")
	}
	separator := " "
	if t == TypeB {
		separator = "of type BS "
	}
	return fault(invalidValue + "Input collection " + inputTexts(list) + separator + "contains duplicates.")
}

func firstFault(list []Value) int {
	for i := range list {
		if list[i].faulty {
			return i
		}
	}
	return -1
}

// inputTexts returns the elements of a set as the request had them.
func inputTexts(list []Value) string {
	texts := make([]string, len(list))
	for i, v := range list {
		texts[i] = v.text
		if v.typ == TypeB {
			texts[i] = base64.StdEncoding.EncodeToString([]byte(v.text))
		}
	}
	return api.Shown("[" + strings.Join(texts, ", ") + "]")
}
