package cloudwatch_test

import (
	"strings"
	"testing"

	"leat/internal/api"
	"leat/internal/api/cloudwatch"
)

// The shapes with the deepest constraints of all services can be validated.
func TestDeepestConstraints(t *testing.T) {
	t.Parallel()
	dimensions := api.Some([]cloudwatch.Dimension{{Name: api.Some("d")}})
	data := cloudwatch.GetMetricDataInput{
		StartTime: api.Some(api.Timestamp(0)), EndTime: api.Some(api.Timestamp(1)),
		MetricDataQueries: api.Some([]cloudwatch.MetricDataQuery{{
			Id: api.Some("m"), MetricStat: api.Some(cloudwatch.MetricStat{
				Metric: api.Some(cloudwatch.Metric{Dimensions: dimensions}), Period: api.Some(int32(60)), Stat: api.Some("Sum"),
			}),
		}}),
	}
	put := cloudwatch.PutMetricDataInput{
		Namespace: api.Some("App"), EntityMetricData: api.Some([]cloudwatch.EntityMetricData{{
			MetricData: api.Some([]cloudwatch.MetricDatum{{MetricName: api.Some("m"), Dimensions: dimensions}}),
		}}),
	}
	for _, c := range []struct {
		in     api.Input
		schema *api.Structure
		path   string
	}{
		{&data, cloudwatch.GetMetricDataSchema, "metricDataQueries.1.member.metricStat.metric.dimensions.1.member.value"},
		{&put, cloudwatch.PutMetricDataSchema, "entityMetricData.1.member.metricData.1.member.dimensions.1.member.value"},
	} {
		if err := api.Validate(c.in, c.schema); err == nil || !strings.Contains(err.Message, "Value null at '"+c.path+"' failed") {
			t.Errorf("%v, want %s", err, c.path)
		}
	}
}
