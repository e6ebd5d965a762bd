package cloudwatch

import (
	"fmt"
	"slices"
	"testing"

	shapes "leat/internal/api/cloudwatch"
	"leat/internal/wire/awsjson"
)

// A request's texts are parts of its body, which becomes that of another request.
// Nothing that is kept may change with it.
func TestBodiesAreNotKept(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	put := func(text string) {
		body, in := []byte(text), new(shapes.PutMetricDataInput)
		if err := awsjson.Decode(body, in); err != nil {
			t.Fatal(err)
		}
		f.call("PutMetricData", in)
		for i := range body {
			body[i] = 'x'
		}
	}
	const datum = `{"MetricName": "%s", "Unit": "Seconds", "Dimensions": [{"Name": "d", "Value": "%s"}], "Values": [1, 2, 3], "Counts": [1, 1, 1]}`
	datums := fmt.Sprintf(datum+","+datum, "m", "v", "m", "w")
	for range 2 {
		put(`{"Namespace": "App", "MetricData": [` + datums + `]}`)
		put(`{"Namespace": "Entities", "EntityMetricData": [{"Entity": {"Attributes": {"a": "b"}}, "MetricData": [` + datums + `]}]}`)
		f.flush()
	}
	want := []string{"App m d=v", "App m d=w", "Entities m d=v", "Entities m d=w"}
	for range 2 {
		if got := names(f.list(&shapes.ListMetricsInput{})); !slices.Equal(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
		in := f.statistics("m", "Sum")
		in.Dimensions = dims("d", "w")
		if got := f.datapoints(in); len(got) != 1 || got[0].Sum.V != 12 || got[0].Unit.V != "Seconds" {
			t.Errorf("%+v", got)
		}
		f.open()
	}
}
