package expression

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"leat/internal/dynamo/item"
)

func TestPlaceholderErrors(t *testing.T) {
	long := strings.Repeat("n", 255)
	for want, c := range map[string]struct {
		names  map[string]string
		values item.Item
	}{
		"": {map[string]string{"#a": "a", "#0_x": "x"}, item.Item{":1": num(1), ":_": num(2)}},
		"ExpressionAttributeNames must not be empty":                                       {names: map[string]string{}},
		"ExpressionAttributeValues must not be empty":                                      {values: item.Item{}},
		`ExpressionAttributeNames contains invalid key: Syntax error; key: "a"`:            {names: map[string]string{"a": "a"}},
		`ExpressionAttributeNames contains invalid key: Syntax error; key: "#"`:            {names: map[string]string{"#": "a"}},
		`ExpressionAttributeNames contains invalid key: Syntax error; key: "#a-b"`:         {names: map[string]string{"#a-b": "a"}},
		`ExpressionAttributeNames contains invalid key: Syntax error; key: ""`:             {names: map[string]string{"": "a"}},
		`ExpressionAttributeValues contains invalid key: Syntax error; key: "#a"`:          {values: item.Item{"#a": num(1)}},
		`ExpressionAttributeValues contains invalid key: Syntax error; key: ":a b"`:        {values: item.Item{":a b": num(1)}},
		"ExpressionAttributeNames contains invalid value: Empty attribute name for key #a": {names: map[string]string{"#a": ""}},
		"ExpressionAttributeNames contains invalid key: The expression attribute map contains a key that is too long; size of key: 256": {
			names: map[string]string{"#" + long: "a"},
		},
		"ExpressionAttributeValues contains invalid key: The expression attribute map contains a key that is too long;": {
			values: item.Item{":" + long: num(1)},
		},
		"ExpressionAttributeValues contains invalid value: The parameter cannot be converted to a numeric value: x for key :a": {
			values: parsed(t, `{":a":{"N":"x"}}`),
		},
	} {
		_, err := NewPlaceholders(c.names, c.values)
		checkMessage(t, "placeholders", err, want)
	}
}

// TestPlaceholderSizes has what is just too large, names and values alone and
// together, and what comes before that.
func TestPlaceholderSizes(t *testing.T) {
	text := func(n int) item.Value { return item.S(strings.Repeat("v", n)) }
	names := func(n int) map[string]string {
		list := map[string]string{}
		for i := range n {
			list[fmt.Sprintf("#n%d", i)] = strings.Repeat("n", 1<<15)
		}
		return list
	}
	for _, c := range []struct {
		names  map[string]string
		values item.Item
		want   string
	}{
		{names(63), item.Item{":v": text(1<<15 - 1)}, ""},
		{names(63), item.Item{":v": text(1 << 15)}, "Combined size of ExpressionAttributeNames and ExpressionAttributeValues exceeds max size"},
		{nil, item.Item{":v": text(1 << 20), ":w": text(1 << 20)}, "ExpressionAttributeValues exceeds max size"},
		{names(64), item.Item{":v": text(2 << 20)}, "ExpressionAttributeNames exceeds max size"},
		{names(64), item.Item{"v": text(1)}, `ExpressionAttributeValues contains invalid key: Syntax error; key: "v"`},
	} {
		_, err := NewPlaceholders(c.names, c.values)
		checkMessage(t, c.want, err, c.want)
	}
}

// TestHostileKey refuses a key of the size of a request without making much more
// of it.
func TestHostileKey(t *testing.T) {
	key := strings.Repeat("(", 15<<20)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := NewPlaceholders(nil, item.Item{key: num(1)})
	runtime.ReadMemStats(&after)
	if err == nil || len(err.Message) > 64<<10 {
		t.Errorf("the answer is %.100q", message(err))
	}
	if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
		t.Errorf("it took %d bytes", n)
	}
}

func parsed(t *testing.T, text string) item.Item {
	t.Helper()
	var it item.Item
	if err := it.Parse([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return it
}

// TestCheckUsed counts uses over all expressions of a request.
func TestCheckUsed(t *testing.T) {
	p, err := NewPlaceholders(map[string]string{"#a": "a", "#b": "b", "#p": "p"}, item.Item{":x": num(1), ":y": num(2)})
	if err != nil {
		t.Fatal(err)
	}
	const unused = "Value provided in ExpressionAttributeNames unused in expressions: keys: "
	checkMessage(t, "nothing used", p.CheckUsed(), unused+"{#a, #b, #p}")
	if _, err := ParseUpdate("SET #a = if_not_exists(#b, :x)", p); err != nil {
		t.Fatal(err)
	}
	checkMessage(t, "an update", p.CheckUsed(), unused+"{#p}")
	if _, err := ParseProjection("k.#p", p); err != nil {
		t.Fatal(err)
	}
	checkMessage(t, "a projection", p.CheckUsed(), "Value provided in ExpressionAttributeValues unused in expressions: keys: {:y}")
	if _, err := ParseCondition(ConditionExpression, "#a IN (:y)", p); err != nil {
		t.Fatal(err)
	}
	checkMessage(t, "a condition", p.CheckUsed(), "")
}

// TestManyUnused keeps the answer short.
func TestManyUnused(t *testing.T) {
	values := item.Item{}
	for i := range 100_000 {
		values[fmt.Sprint(":", i)] = item.NULL()
	}
	p, err := NewPlaceholders(nil, values)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.CheckUsed(); err == nil || len(err.Message) > 64<<10 {
		t.Errorf("the answer is %.100q", message(err))
	}
}

func TestCheckParameters(t *testing.T) {
	list := func(names string) (parameters []Parameter) {
		for name := range strings.FieldsSeq(names) {
			name, present := strings.CutPrefix(name, "+")
			parameters = append(parameters, Parameter{Name: name, Present: present})
		}
		return parameters
	}
	const mixed = "Can not use both expression and non-expression parameters in the same request: Non-expression parameters: "
	const query = "ProjectionExpression FilterExpression KeyConditionExpression"
	for _, c := range []struct {
		expressions, older string
		names, values      bool
		want               string
	}{
		{expressions: "+UpdateExpression ConditionExpression", older: "AttributeUpdates Expected", names: true, values: true},
		{expressions: "UpdateExpression ConditionExpression", older: "+AttributeUpdates +Expected"},
		{
			expressions: "+UpdateExpression +ConditionExpression", older: "+AttributeUpdates +Expected", names: true,
			want: mixed + "{AttributeUpdates, Expected} Expression parameters: {UpdateExpression, ConditionExpression}",
		},
		{expressions: "+ConditionExpression", older: "+Expected", want: mixed + "{Expected} Expression parameters: {ConditionExpression}"},
		{
			expressions: "ConditionExpression", older: "+Expected", names: true, values: true,
			want: "ExpressionAttributeNames can only be specified when using expressions",
		},
		{
			expressions: "ConditionExpression", older: "Expected", values: true,
			want: "ExpressionAttributeValues can only be specified when using expressions: ConditionExpression is null",
		},
		{
			expressions: "UpdateExpression ConditionExpression", older: "Expected", values: true,
			want: "ExpressionAttributeValues can only be specified when using expressions: UpdateExpression and ConditionExpression are null",
		},
		{
			expressions: "+" + query, older: "KeyConditions", values: true,
			want: "ExpressionAttributeValues can only be specified when using expressions: FilterExpression and KeyConditionExpression are null",
		},
		{expressions: "+" + query, older: "+KeyConditions", names: true},
		{
			expressions: "ProjectionExpression FilterExpression +KeyConditionExpression", older: "+KeyConditions",
			want: mixed + "{KeyConditions} Expression parameters: {KeyConditionExpression}",
		},
		{expressions: "+ProjectionExpression", older: "AttributesToGet", names: true},
	} {
		checkMessage(t, c.expressions+" "+c.older, CheckParameters(list(c.expressions), list(c.older), c.names, c.values), c.want)
	}
}
