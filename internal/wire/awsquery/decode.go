package awsquery

import (
	"cmp"
	"slices"
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
// member that has a value of the wrong type.
func Decode(form []byte, in api.Input) *api.Error {
	var d decoder
	for rest := alias(form); rest != ""; {
		var name, value string
		name, value, rest = next(rest)
		if err := d.add(in, name, value); err != nil {
			return err
		}
	}
	slices.SortStableFunc(d.params, func(a, b param) int { return comparePaths(a.path, b.path) })
	return d.structure(in, d.params)
}

// param is a parameter, or what is left of its name below a member.
type param struct{ path, value string }

// decoder collects the parameters that members of an input are made of.
type decoder struct{ params []param }

// add keeps a parameter, unescaped, whose member there is.
func (d *decoder) add(in api.Input, name, value string) *api.Error {
	path, err := unescape(name)
	if err != nil {
		return err
	}
	head, _ := step(path)
	if in.Member(head) == nil {
		return nil
	}
	if strings.Count(path, ".") >= maxSteps {
		return malformed("")
	}
	if value, err = unescape(value); err != nil {
		return err
	}
	d.params = append(d.params, param{path, value})
	return nil
}

// step takes the first step off a path.
func step(path string) (head, rest string) {
	head, rest, _ = strings.Cut(path, ".")
	return head, rest
}

// comparePaths orders paths so that those with steps in common are together, and
// numbers as numbers.
func comparePaths(a, b string) int {
	for a != "" && b != "" {
		var x, y string
		x, a = step(a)
		y, b = step(b)
		if c := compareSteps(x, y); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a), len(b))
}

// compareSteps orders indexes by their value, however many digits they have, and
// before names.
func compareSteps(a, b string) int {
	switch x, y := isNumber(a), isNumber(b); {
	case x && y:
		a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
		return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
	case x:
		return -1
	case y:
		return 1
	}
	return cmp.Compare(a, b)
}

func isNumber(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// groups calls group for each run of parameters with the same first step, and
// takes that off. Parameters that end before are passed over.
func groups(params []param, group func(head string, params []param) *api.Error) *api.Error {
	for len(params) > 0 {
		head, _ := step(params[0].path)
		n := 0
		for n < len(params) {
			next, rest := step(params[n].path)
			if compareSteps(head, next) != 0 {
				break
			}
			params[n].path = rest
			n++
		}
		if head != "" {
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
	if !isNumber(index) || strings.Trim(index, "0") == "" {
		return malformed(api.Shown(index) + " is not a valid index")
	}
	return element(params)
}
