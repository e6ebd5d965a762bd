package awsquery

import (
	"encoding/base64"
	"math"
	"strconv"
	"strings"
	"time"

	"leat/internal/api"
)

// member fills what Input.Member returns from its parameters: one that ends here,
// or several that go on.
func (d *decoder) member(m any, params []param) *api.Error {
	switch m := m.(type) {
	case nil, api.Map, api.Raw:
		return nil // not in the shapes of services that take forms
	case api.Nested:
		return d.nestedMember(m, params)
	case api.List:
		return d.listMember(m, params)
	case *api.Opt[[]string]:
		return valuesMember(m, params)
	case *api.Opt[[]float64]:
		return valuesMember(m, params)
	case *api.Opt[map[string]string]:
		return mapMember(m, params)
	}
	return scalarMember(m, params)
}

// ended returns the value of a member whose name ends here, the first one that it
// has.
func ended(params []param) (value string, ok bool) {
	for i := range params {
		if params[i].path == "" {
			return params[i].value, true
		}
	}
	return "", false
}

// whole refuses a value of a member that is no scalar. An empty one only says that
// the member is there.
func whole(params []param, kind string) *api.Error {
	if value, _ := ended(params); value != "" {
		return malformed("Unexpected " + kind + " element termination")
	}
	return nil
}

func (d *decoder) nestedMember(m api.Nested, params []param) *api.Error {
	if err := whole(params, "complex"); err != nil {
		return err
	}
	return d.structure(m.Fill(), params)
}

func (d *decoder) listMember(m api.List, params []param) *api.Error {
	if err := whole(params, "list"); err != nil {
		return err
	}
	m.Begin()
	return elements("member", params, func(params []param) *api.Error {
		if err := whole(params, "complex"); err != nil {
			return err
		}
		if !d.bounds.Structure(m.Len()) {
			return malformed("")
		}
		return d.structure(m.Grow(), params)
	})
}

// valuesMember reads a list of strings or of numbers.
func valuesMember[T any](m *api.Opt[[]T], params []param) *api.Error {
	if err := whole(params, "list"); err != nil {
		return err
	}
	*m = api.Some(m.V[:0])
	return elements("member", params, func(params []param) *api.Error {
		var v api.Opt[T]
		if err := scalarMember(&v, params); err != nil {
			return err
		}
		if len(m.V) < api.MaxEntries {
			m.V = append(m.V, v.V)
		}
		return nil
	})
}

func scalarMember(m any, params []param) *api.Error {
	value, ok := ended(params)
	if !ok {
		return malformed("")
	}
	return scalar(m, value)
}

// mapMember reads a map. Of keys that are there twice the first counts.
func mapMember(m *api.Opt[map[string]string], params []param) *api.Error {
	if err := whole(params, "map"); err != nil {
		return err
	}
	*m = api.Some(map[string]string{})
	return elements("entry", params, func(params []param) *api.Error {
		var key, value api.Opt[string]
		err := groups(params, func(name string, params []param) *api.Error {
			switch name {
			case "key":
				return scalarMember(&key, params)
			case "value":
				return scalarMember(&value, params)
			}
			return nil
		})
		if err != nil {
			return err
		}
		if _, again := m.V[key.V]; key.Set && !again && len(m.V) < api.MaxEntries {
			m.V[key.V] = value.V
		}
		return nil
	})
}

// scalar converts a value to what m is.
func scalar(m any, value string) *api.Error {
	var err *api.Error
	switch m := m.(type) {
	case *api.Opt[string]:
		*m = api.Some(value)
	case *api.Opt[int32]:
		var n int64
		n, err = integer(value, 32)
		*m = api.Some(int32(n))
	case *api.Opt[int64]:
		var n int64
		n, err = integer(value, 64)
		*m = api.Some(n)
	case *api.Opt[float64]:
		*m, err = some(double(value))
	case *api.Opt[bool]:
		*m, err = some(boolean(value))
	case *api.Opt[api.Timestamp]:
		*m, err = some(timestamp(value))
	case *api.Opt[api.Blob]:
		*m, err = some(blob(value))
	}
	return err
}

func some[T any](v T, err *api.Error) (api.Opt[T], *api.Error) { return api.Some(v), err }

// noNumber is the message about a number without digits. About one that is
// otherwise wrong the services have none.
const noNumber = "missing value for decimal type"

func integer(value string, bits int) (int64, *api.Error) {
	if value == "" {
		return 0, malformed(noNumber)
	}
	n, err := strconv.ParseInt(value, 10, bits)
	if err != nil {
		return 0, malformed("")
	}
	return n, nil
}

// double converts decimal numbers only. What is too large becomes infinite, which
// services refuse.
func double(value string) (float64, *api.Error) {
	switch value {
	case "":
		return 0, malformed(noNumber)
	case "NaN":
		return math.NaN(), nil
	case "Infinity":
		return math.Inf(1), nil
	case "-Infinity":
		return math.Inf(-1), nil
	}
	if strings.Trim(value, "+-.0123456789eE") != "" {
		return 0, malformed("")
	}
	f, err := strconv.ParseFloat(value, 64)
	if err != nil && !math.IsInf(f, 0) {
		return 0, malformed("")
	}
	return f, nil
}

func boolean(value string) (bool, *api.Error) {
	switch value {
	case "true", "1":
		return true, nil
	case "false", "0":
		return false, nil
	case "":
		return false, malformed("missing value for boolean type")
	}
	return false, malformed("boolean must follow xsd1.1 definition")
}

// timeLayouts are the forms of timestamps that clients send. All may have a
// fraction of a second.
var timeLayouts = []string{
	time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04Z07:00", "2006-01-02T15:04", "20060102T150405Z07:00", time.DateOnly,
}

func timestamp(value string) (api.Timestamp, *api.Error) {
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, value); err == nil {
			return api.Timestamp(t.UnixMilli()), nil
		}
	}
	return 0, malformed("timestamp must follow ISO8601")
}

func blob(value string) (api.Blob, *api.Error) {
	b, err := base64.StdEncoding.Strict().DecodeString(value)
	if err != nil {
		return api.Blob{}, malformed("")
	}
	return api.RawBlob(b), nil
}
