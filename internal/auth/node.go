package auth

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Error is a mistake in the file.
type Error struct {
	Line   int
	Reason string
}

func (e *Error) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Reason) }

func errorAt(n *yaml.Node, format string, args ...any) error {
	return &Error{n.Line, fmt.Sprintf(format, args...)}
}

// parseYAML returns the one document of a text.
func parseYAML(text []byte) (*yaml.Node, error) {
	d := yaml.NewDecoder(bytes.NewReader(text))
	var doc, more yaml.Node
	if err := d.Decode(&doc); errors.Is(err, io.EOF) {
		return nil, &Error{1, "the file is empty"}
	} else if err != nil {
		return nil, syntaxError(err)
	}
	if err := d.Decode(&more); err == nil {
		return nil, errorAt(&more, "a second document")
	} else if !errors.Is(err, io.EOF) {
		return nil, syntaxError(err)
	}
	return doc.Content[0], nil
}

// syntaxError takes the library's name off its errors, which have the line.
func syntaxError(err error) error {
	return errors.New(strings.TrimPrefix(err.Error(), "yaml: "))
}

// resolve returns what an alias stands for.
func resolve(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// reader reads the value of a field.
type reader func(*yaml.Node) error

// fields reads a mapping, whose keys have to be those of readers, and have to
// include the required ones.
func fields(n *yaml.Node, what string, readers map[string]reader, required ...string) error {
	n = resolve(n)
	if n.Kind != yaml.MappingNode {
		return errorAt(n, "%s is not a mapping", what)
	}
	seen := make(map[string]bool)
	for pair := range slices.Chunk(n.Content, 2) {
		name := pair[0].Value
		read, known := readers[name]
		switch {
		case !known:
			return errorAt(pair[0], "%s has an unknown field %q", what, name)
		case seen[name]:
			return errorAt(pair[0], "%s has the field %q twice", what, name)
		}
		seen[name] = true
		if err := read(pair[1]); err != nil {
			return err
		}
	}
	for _, name := range required {
		if !seen[name] {
			return errorAt(n, "%s has no field %q", what, name)
		}
	}
	return nil
}

// later is a reader that keeps the value for when all fields are known.
func later(dst **yaml.Node) reader {
	return func(n *yaml.Node) error {
		*dst = resolve(n)
		return nil
	}
}

// list reads the elements of a sequence; nil has none.
func list(n *yaml.Node, what string, each reader) error {
	if n == nil {
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		return errorAt(n, "%s is not a list", what)
	}
	for _, element := range n.Content {
		if err := each(element); err != nil {
			return err
		}
	}
	return nil
}

// text is a reader of a scalar, as it is written: an account's id may be all
// digits and need no quotes.
func text(what string, dst *string, valid func(string) bool, rule string) reader {
	return func(n *yaml.Node) error {
		n = resolve(n)
		if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
			return errorAt(n, "%s is not a text", what)
		}
		if !valid(n.Value) {
			return errorAt(n, "%s is not %s", what, rule)
		}
		*dst = n.Value
		return nil
	}
}
