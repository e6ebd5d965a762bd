package cloudwatch

import (
	"context"
	"slices"

	"leat/internal/api"
	shapes "leat/internal/api/cloudwatch"
	"leat/internal/engine"
	"leat/internal/service"
	"leat/internal/stream"
)

const (
	// listPage is how many metrics a page of ListMetrics has at most.
	listPage = 500
	// recently is how many minutes ago a recently active metric had its last
	// sample at most.
	recently = stream.Minute(3 * 60)
)

// listMetrics returns the metrics that have samples and pass all filters, in the
// order of their names.
func (s *Service) listMetrics(_ context.Context, c service.Caller, in *shapes.ListMetricsInput) (*shapes.ListMetricsOutput, error) {
	request := listHash(in)
	after := ""
	if in.NextToken.Set {
		var ok bool
		if after, ok = openToken(request, in.NextToken.V); !ok {
			return nil, api.Errorf(api.InvalidParameterValue, "The value %s for parameter NextToken is invalid.", api.Shown(in.NextToken.V))
		}
	}
	s.refresh()
	active := s.now().Minute() - recently
	out := &shapes.ListMetricsOutput{}
	page, owners := []shapes.Metric{}, []string{}
	last := engine.Key("")
	for _, l := range s.listed(c, in, engine.Key(after)) {
		name := splitKey(l.key)
		if !matches(in, name) || in.RecentlyActive.Set && l.last < active {
			continue
		}
		if len(page) == listPage {
			out.NextToken = api.Some(newToken(request, string(last)))
			break
		}
		page, owners, last = append(page, name.shape()), append(owners, c.Account), l.key
	}
	out.Metrics = api.Some(page)
	if in.IncludeLinkedAccounts.V {
		out.OwningAccounts = api.Some(owners)
	}
	return out, nil
}

// listed returns the metrics that a request may be about, after one. No account sees
// the metrics of another.
func (s *Service) listed(c service.Caller, in *shapes.ListMetricsInput, after engine.Key) []listed {
	if in.OwningAccount.Set && in.OwningAccount.V != c.Account {
		return nil
	}
	return s.store.list(listPrefix(c, in), after)
}

// listPrefix returns what the keys of metrics begin with that a request asks for.
func listPrefix(c service.Caller, in *shapes.ListMetricsInput) engine.Key {
	key := engine.NewKey(c.Account, c.Region)
	if in.Namespace.Set {
		key = key.Child(in.Namespace.V)
	}
	return key
}

// listHash returns what the pages of a list have in common.
func listHash(in *shapes.ListMetricsInput) [8]byte {
	texts := []string{"ListMetrics", in.Namespace.V, in.MetricName.V, in.RecentlyActive.V, in.OwningAccount.V}
	for i := range in.Dimensions.V {
		d := &in.Dimensions.V[i]
		texts = append(texts, d.Name.V, d.Value.V)
	}
	return requestHash(texts...)
}

// matches reports whether a metric has the name and all the dimensions that a
// request asks for. Of a dimension without a value the name decides.
func matches(in *shapes.ListMetricsInput, m metricName) bool {
	if in.MetricName.Set && in.MetricName.V != m.name {
		return false
	}
	for i := range in.Dimensions.V {
		f := &in.Dimensions.V[i]
		if !slices.ContainsFunc(m.dimensions, func(d Dimension) bool {
			return d.Name == f.Name.V && (!f.Value.Set || d.Value == f.Value.V)
		}) {
			return false
		}
	}
	return true
}

// shape returns the metric as answers have it.
func (m *metricName) shape() shapes.Metric {
	list := make([]shapes.Dimension, len(m.dimensions))
	for i, d := range m.dimensions {
		list[i] = shapes.Dimension{Name: api.Some(d.Name), Value: api.Some(d.Value)}
	}
	return shapes.Metric{Namespace: api.Some(m.namespace), MetricName: api.Some(m.name), Dimensions: api.Some(list)}
}
