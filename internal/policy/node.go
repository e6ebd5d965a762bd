package policy

import (
	"bytes"
	"encoding/json"
	"errors"

	"go.yaml.in/yaml/v3"
)

const (
	// maxDepth is how deep a document may be nested. The values of a condition
	// in a list are at depth 7.
	maxDepth = 8
	// maxNodes is how many values a document may have. YAML's aliases can make
	// few bytes many values.
	maxNodes = 100_000
)

// node is a value of a document.
type node struct {
	kind  nodeKind
	line  int
	text  string // of a scalar
	items []node // of a list
	pairs []pair // of an object, in the document's order
}

// pair is a member of an object.
type pair struct {
	name  string
	line  int
	value node
}

type nodeKind uint8

const (
	nullNode nodeKind = iota
	textNode
	numberNode
	boolNode
	listNode
	objectNode
)

// addPair appends a member to an object, whose names differ.
func (n *node) addPair(p pair) *Error {
	for _, other := range n.pairs {
		if other.name == p.name {
			return errorf(p.line, "%s is given twice", p.name)
		}
	}
	n.pairs = append(n.pairs, p)
	return nil
}

// jsonReader makes nodes of a text that is known to be JSON.
type jsonReader struct {
	dec  *json.Decoder
	text []byte
	line int // of offset
	// offset is up to where lines have been counted.
	offset int
}

// readJSON returns the tree of a JSON text.
func readJSON(text []byte) (node, *Error) {
	var whole json.RawMessage
	if err := json.Unmarshal(text, &whole); err != nil {
		line := 1
		if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
			line += bytes.Count(text[:min(int(syntax.Offset), len(text))], []byte{'\n'})
		}
		return node{}, errorf(line, "not JSON: %v", err)
	}
	r := &jsonReader{dec: json.NewDecoder(bytes.NewReader(text)), text: text, line: 1}
	r.dec.UseNumber()
	return r.value(1)
}

// token returns the next token, and the line that it ends on, which is where it
// begins, too.
func (r *jsonReader) token() (json.Token, int, *Error) {
	tok, err := r.dec.Token()
	if err != nil {
		return nil, 0, errorf(r.line, "not JSON: %v", err)
	}
	end := int(r.dec.InputOffset())
	r.line += bytes.Count(r.text[r.offset:end], []byte{'\n'})
	r.offset = end
	return tok, r.line, nil
}

func (r *jsonReader) value(depth int) (node, *Error) {
	tok, line, err := r.token()
	if err != nil {
		return node{}, err
	}
	switch tok := tok.(type) {
	case string:
		return node{kind: textNode, line: line, text: tok}, nil
	case json.Number:
		return node{kind: numberNode, line: line, text: tok.String()}, nil
	case bool:
		return node{kind: boolNode, line: line, text: boolText(tok)}, nil
	case json.Delim:
		if depth > maxDepth {
			return node{}, errorf(line, "nested too deep")
		}
		if tok == '{' {
			return r.object(line, depth)
		}
		return r.list(line, depth)
	}
	return node{line: line}, nil
}

func (r *jsonReader) object(line, depth int) (node, *Error) {
	n := node{kind: objectNode, line: line}
	for r.dec.More() {
		name, at, err := r.token()
		if err != nil {
			return n, err
		}
		value, err := r.value(depth + 1)
		if err != nil {
			return n, err
		}
		if err := n.addPair(pair{name: name.(string), line: at, value: value}); err != nil {
			return n, err
		}
	}
	_, _, err := r.token()
	return n, err
}

func (r *jsonReader) list(line, depth int) (node, *Error) {
	n := node{kind: listNode, line: line}
	for r.dec.More() {
		item, err := r.value(depth + 1)
		if err != nil {
			return n, err
		}
		n.items = append(n.items, item)
	}
	_, _, err := r.token()
	return n, err
}

func boolText(b bool) string {
	if b {
		return "true"
	}
	return "false"
}

// yamlReader makes nodes of YAML's, counting them.
type yamlReader struct{ nodes int }

func (r *yamlReader) value(y *yaml.Node, depth int) (node, *Error) {
	if y.Kind == yaml.AliasNode {
		y = y.Alias
	}
	if r.nodes++; r.nodes > maxNodes {
		return node{}, errorf(y.Line, "more than %d values", maxNodes)
	}
	if depth > maxDepth {
		return node{}, errorf(y.Line, "nested too deep")
	}
	n := node{line: y.Line, text: y.Value}
	switch y.Kind {
	case yaml.SequenceNode:
		n.kind = listNode
		for _, item := range y.Content {
			value, err := r.value(item, depth+1)
			if err != nil {
				return n, err
			}
			n.items = append(n.items, value)
		}
		return n, nil
	case yaml.MappingNode:
		n.kind = objectNode
		return n, r.members(&n, y, depth)
	case yaml.ScalarNode:
		return scalar(y, n)
	case yaml.DocumentNode, yaml.AliasNode:
	}
	return n, errorf(y.Line, "not a value")
}

func (r *yamlReader) members(n *node, y *yaml.Node, depth int) *Error {
	for i := 0; i+1 < len(y.Content); i += 2 {
		name := y.Content[i]
		if name.Kind != yaml.ScalarNode || name.ShortTag() == "!!merge" {
			return errorf(name.Line, "not a name")
		}
		value, err := r.value(y.Content[i+1], depth+1)
		if err != nil {
			return err
		}
		if err := n.addPair(pair{name: name.Value, line: name.Line, value: value}); err != nil {
			return err
		}
	}
	return nil
}

// scalar gives n the kind of a YAML scalar. What YAML takes for a date is a text
// of documents.
func scalar(y *yaml.Node, n node) (node, *Error) {
	switch y.ShortTag() {
	case "!!str", "!!timestamp":
		n.kind = textNode
	case "!!int", "!!float":
		n.kind = numberNode
	case "!!bool":
		n.kind = boolNode
	case "!!null":
		n.kind, n.text = nullNode, ""
	default:
		return n, errorf(y.Line, "%s is not a kind of value that policies have", y.Tag)
	}
	return n, nil
}
