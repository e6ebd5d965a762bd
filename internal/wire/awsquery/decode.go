package awsquery

import (
	"bytes"
	"cmp"
	"slices"
	"strconv"
	"strings"

	"leat/internal/api"
)

// maxSteps is how many steps a parameter's name may have, so that no request can
// use up the stack. Requests of the services go down to 8.
const maxSteps = 64

// Decode fills in, which must be empty, from a form. The input's strings refer to
// the form where that has them as they are, so the form must stay as it is for as
// long as the input is used.
//
// The error is a SerializationException, mostly with what is wrong with the first
// member that has a value of the wrong type. It is without a message for a form that
// has more than api.MaxValues or api.MaxStructures.
func Decode(form []byte, in api.Input) *api.Error {
	d := decoder{params: make([]param, 0, min(bytes.Count(form, []byte("&"))+1, api.MaxValues))}
	for rest := api.Alias(form); rest != ""; {
		var name, value string
		name, value, rest = next(rest)
		if err := d.add(in, name, value); err != nil {
			return err
		}
	}
	return d.structure(in, d.params)
}

// param is a parameter.
type param struct {
	path, value string // path is its name, or what is left of that below a member
	at          int32  // its place in the form
	// What groups finds out about the first step of the path: how long it is, and
	// which number, or -1.
	length int32
	index  int64
}

// step returns the first step of the path.
func (p *param) step() string { return p.path[:p.length] }

// look finds the first step of the path.
func (p *param) look() {
	head, _, _ := strings.Cut(p.path, ".")
	p.length, p.index = int32(len(head)), indexOf(head)
}

// indexOf returns the number that a step is, -1 for none.
func indexOf(step string) int64 {
	if step == "" || step[0] < '0' || step[0] > '9' {
		return -1
	}
	n, err := strconv.ParseInt(step, 10, 64)
	if err != nil {
		return -1
	}
	return n
}

// compareSteps orders parameters by their first steps: names, and indexes by their
// value.
func compareSteps(p, q *param) int {
	if p.index != q.index || p.index >= 0 {
		return cmp.Compare(p.index, q.index)
	}
	return cmp.Compare(p.step(), q.step())
}

// decoder collects the parameters that members of an input are made of.
type decoder struct {
	params []param
	bounds api.Bounds
}

// add keeps a parameter, unescaped, whose member there is.
func (d *decoder) add(in api.Input, name, value string) *api.Error {
	path, err := unescape(name)
	if err != nil {
		return err
	}
	head, _, _ := strings.Cut(path, ".")
	if in.Member(head) == nil {
		return nil
	}
	if strings.Count(path, ".") >= maxSteps || len(d.params) == api.MaxValues {
		return malformed("")
	}
	if value, err = unescape(value); err != nil {
		return err
	}
	d.params = append(d.params, param{path: path, value: value, at: int32(len(d.params))})
	return nil
}

// groups calls group for the parameters of each first step, in the order of
// compareSteps and then of the form, and takes that step off. Parameters that end
// before are passed over.
//
// One step at a time is sorted, and only where the shape goes on: so a form of
// hostile names costs little more than another.
func groups(params []param, group func(head string, params []param) *api.Error) *api.Error {
	for i := range params {
		params[i].look()
	}
	slices.SortFunc(params, func(p, q param) int {
		if c := compareSteps(&p, &q); c != 0 {
			return c
		}
		return cmp.Compare(p.at, q.at)
	})
	for len(params) > 0 {
		first, n := params[0], 1
		for n < len(params) && compareSteps(&first, &params[n]) == 0 {
			n++
		}
		for i := range params[:n] {
			p := &params[i]
			p.path = strings.TrimPrefix(p.path[p.length:], ".")
		}
		if head := first.step(); head != "" {
			if err := group(head, params[:n]); err != nil {
				return err
			}
		}
		params = params[n:]
	}
	return nil
}

// structure fills in from the parameters of its members.
func (d *decoder) structure(in api.Input, params []param) *api.Error {
	return groups(params, func(name string, params []param) *api.Error { return d.member(in.Member(name), params) })
}

// elements calls element for each of the parameters' elements, in the order of
// their indexes. A list of the form X.member.1 has the marker member, a map entry;
// in the flattened form X.1 there is none.
func elements(marker string, params []param, element func(params []param) *api.Error) *api.Error {
	return groups(params, func(head string, params []param) *api.Error {
		if head == marker {
			return groups(params, func(index string, params []param) *api.Error { return indexed(index, params, element) })
		}
		return indexed(head, params, element)
	})
}

func indexed(index string, params []param, element func(params []param) *api.Error) *api.Error {
	if indexOf(index) < 1 {
		return malformed(api.Shown(index) + " is not a valid index")
	}
	return element(params)
}
