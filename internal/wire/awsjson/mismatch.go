package awsjson

import "leat/internal/api"

// expected is a type that a member may have, as the messages about other values
// word it.
type expected struct {
	// conversion ends the message about a scalar of another type, after the
	// scalar's class. Empty for types that no scalar could be.
	conversion string
	// scalar is the message about a scalar where there is no conversion.
	scalar string
}

var (
	ofString    = expected{conversion: "an String"}
	ofInteger   = expected{conversion: "an Integer"}
	ofLong      = expected{conversion: "an Long"}
	ofBoolean   = expected{conversion: "an Boolean"}
	ofTimestamp = expected{conversion: "milliseconds since epoch"}
	ofBlob      = expected{conversion: "a Blob"}
	ofList      = expected{scalar: "Expected list or null"}
	ofMap       = expected{scalar: "Expected map or null"}
	ofStructure = expected{scalar: "Expected null"}
)

// The classes of the service's own parser, which its messages name.
const (
	classString  = "java.lang.String"
	classBoolean = "java.lang.Boolean"
	classNumber  = "com.amazon.coral.value.json.numbers.TruncatingBigNumber"
)

// refuse reads a value that is not of the expected type, and notes that.
func (d *decoder) refuse(want expected, depth int) bool {
	d.note(want.message(d.next()))
	return d.skip(depth)
}

// note keeps the first mismatch's message.
func (d *decoder) note(message string) {
	if d.mismatch == nil {
		d.mismatch = api.Errorf(api.Serialization, "%s", message)
	}
}

// message returns what is said about a value that begins with c.
func (want expected) message(c byte) string {
	switch {
	case c == '[':
		return "Start of list found where not expected"
	case c == '{':
		return "Start of structure or map found where not expected."
	case want.conversion == "":
		return want.scalar
	}
	class := classNumber
	switch c {
	case '"':
		class = classString
	case 't', 'f':
		class = classBoolean
	}
	return "class " + class + " can not be converted to " + want.conversion
}
