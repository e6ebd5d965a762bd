package cloudwatch

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"leat/internal/api"
	shapes "leat/internal/api/cloudwatch"
)

// names returns the metrics of a page as texts.
func names(out *shapes.ListMetricsOutput) (all []string) {
	for _, m := range out.Metrics.V {
		text := m.Namespace.V + " " + m.MetricName.V
		for _, d := range m.Dimensions.V {
			text += " " + d.Name.V + "=" + d.Value.V
		}
		all = append(all, text)
	}
	return all
}

func (f *fixture) list(in *shapes.ListMetricsInput) *shapes.ListMetricsOutput {
	f.t.Helper()
	return f.call("ListMetrics", in).(*shapes.ListMetricsOutput)
}

func TestListFilters(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	add := func(namespace, name string, at time.Duration, dimensions api.Opt[[]shapes.Dimension]) {
		d := datumOf(name, 1)
		d.Timestamp, d.Dimensions = timestamp(testStart.Add(at)), dimensions
		in := putOf(d)
		in.Namespace = some(namespace)
		f.call("PutMetricData", in)
	}
	add("App", "lag", 0, dims("worker", "1", "stream", "s"))
	add("App", "lag", 0, dims("worker", "2"))
	add("App", "lag", -4*time.Hour, dims())
	add("App", "size", -2*time.Hour, dims("worker", "1"))
	add("Apples", "size", 0, dims())
	filter := func(pairs ...string) api.Opt[[]shapes.DimensionFilter] {
		var list []shapes.DimensionFilter
		for i := 0; i < len(pairs); i += 2 {
			list = append(list, shapes.DimensionFilter{Name: some(pairs[i]), Value: api.Opt[string]{V: pairs[i+1], Set: pairs[i+1] != ""}})
		}
		return some(list)
	}
	const lag1, lag2, lag, size1, size = "App lag stream=s worker=1", "App lag worker=2", "App lag", "App size worker=1", "Apples size"
	for _, c := range []struct {
		name string
		in   shapes.ListMetricsInput
		want []string
	}{
		{"all", shapes.ListMetricsInput{}, []string{lag, lag1, lag2, size1, size}},
		{"namespace", shapes.ListMetricsInput{Namespace: some("App")}, []string{lag, lag1, lag2, size1}},
		{"name", shapes.ListMetricsInput{MetricName: some("size")}, []string{size1, size}},
		{"dimension", shapes.ListMetricsInput{Dimensions: filter("worker", "")}, []string{lag1, lag2, size1}},
		{"value", shapes.ListMetricsInput{Dimensions: filter("worker", "1")}, []string{lag1, size1}},
		{"two", shapes.ListMetricsInput{Dimensions: filter("worker", "1", "stream", "")}, []string{lag1}},
		{"mine", shapes.ListMetricsInput{OwningAccount: some(caller.Account), MetricName: some("size")}, []string{size1, size}},
		{"another's", shapes.ListMetricsInput{OwningAccount: some("111122223333")}, nil},
		{"none", shapes.ListMetricsInput{Dimensions: filter("worker", "s")}, nil},
		{"recent", shapes.ListMetricsInput{RecentlyActive: some("PT3H")}, []string{lag1, lag2, size1, size}},
	} {
		out := f.list(&c.in)
		if got := names(out); !slices.Equal(got, c.want) || !out.Metrics.Set || out.NextToken.Set || out.OwningAccounts.Set {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	if out := f.list(&shapes.ListMetricsInput{IncludeLinkedAccounts: some(true), MetricName: some("size")}); !slices.Equal(
		out.OwningAccounts.V, []string{caller.Account, caller.Account}) {
		t.Errorf("%v", out.OwningAccounts)
	}
	f.caller.Region = "eu-west-1"
	if got := names(f.list(&shapes.ListMetricsInput{})); len(got) != 0 {
		t.Errorf("another region sees %q", got)
	}
}

// Pages go on where the one before has ended, also when metrics come in between,
// and with the same filters only.
func TestListPages(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var want []string
	put := func(i int) {
		name := fmt.Sprintf("m%05d", i)
		f.put(name, testStart, 1)
		want = append(want, "App "+name)
	}
	for i := range 2*listPage + 1 {
		put(2 * i)
	}
	var got []string
	in := &shapes.ListMetricsInput{Namespace: some("App")}
	pages := 0
	for {
		out := f.list(in)
		got = append(got, names(out)...)
		pages++
		if in.NextToken = out.NextToken; !in.NextToken.Set {
			break
		}
		if pages == 1 {
			put(2*listPage - 3) // has been passed over
			want = want[:len(want)-1]
			put(2*listPage + 1)
			slices.Sort(want)
		}
	}
	if pages != 3 || !slices.Equal(got, want) {
		t.Errorf("%d pages and %d metrics, want %d", pages, len(got), len(want))
	}
	in.NextToken = f.list(in).NextToken
	for _, other := range []*shapes.ListMetricsInput{
		{NextToken: in.NextToken},
		{Namespace: some("App"), MetricName: some("m"), NextToken: in.NextToken},
		{Namespace: some("App"), NextToken: some("x" + in.NextToken.V)},
		{Namespace: some("App"), NextToken: some("")},
	} {
		f.fails("another request", "ListMetrics", other, api.InvalidParameterValue,
			"The value "+other.NextToken.V+" for parameter NextToken is invalid.")
	}
}

// FuzzToken: a token that is taken is one that was made.
func FuzzToken(f *testing.F) {
	request := requestHash("a", "b")
	f.Add(newToken(request, "place"))
	f.Add("")
	f.Fuzz(func(t *testing.T, token string) {
		place, ok := openToken(request, token)
		if !ok {
			return
		}
		if again, ok := openToken(request, newToken(request, place)); !ok || again != place {
			t.Errorf("%q and %q", place, again)
		}
		if _, ok := openToken(requestHash("ab"), token); ok {
			t.Error("it fits another request, too")
		}
	})
}
