package kinesis

import "leat/internal/stream"

// The metrics of a stream.
const (
	getRecordsBytes = iota
	getRecordsAge
	getRecordsAgeMilliseconds
	getRecordsLatency
	getRecordsRecords
	getRecordsSuccess
	incomingBytes
	incomingRecords
	putRecordBytes
	putRecordLatency
	putRecordSuccess
	putRecordsBytes
	putRecordsLatency
	putRecordsRecords
	putRecordsSuccess
	putRecordsTotal
	putRecordsSuccessful
	putRecordsFailed
	putRecordsThrottled
	readExceeded
	writeExceeded
	streamMetrics
)

// metricName is what a metric is called, and what it counts.
type metricName struct{ name, unit string }

const (
	unitBytes        = "Bytes"
	unitCount        = "Count"
	unitMilliseconds = "Milliseconds"
)

var streamMetricNames = [streamMetrics]metricName{
	getRecordsBytes:           {"GetRecords.Bytes", unitBytes},
	getRecordsAge:             {"GetRecords.IteratorAge", unitMilliseconds}, // AWS has it for those who knew it first
	getRecordsAgeMilliseconds: {"GetRecords.IteratorAgeMilliseconds", unitMilliseconds},
	getRecordsLatency:         {"GetRecords.Latency", unitMilliseconds},
	getRecordsRecords:         {"GetRecords.Records", unitCount},
	getRecordsSuccess:         {"GetRecords.Success", unitCount},
	incomingBytes:             {"IncomingBytes", unitBytes},
	incomingRecords:           {"IncomingRecords", unitCount},
	putRecordBytes:            {"PutRecord.Bytes", unitBytes},
	putRecordLatency:          {"PutRecord.Latency", unitMilliseconds},
	putRecordSuccess:          {"PutRecord.Success", unitCount},
	putRecordsBytes:           {"PutRecords.Bytes", unitBytes},
	putRecordsLatency:         {"PutRecords.Latency", unitMilliseconds},
	putRecordsRecords:         {"PutRecords.Records", unitCount}, // likewise
	putRecordsSuccess:         {"PutRecords.Success", unitCount},
	putRecordsTotal:           {"PutRecords.TotalRecords", unitCount},
	putRecordsSuccessful:      {"PutRecords.SuccessfulRecords", unitCount},
	putRecordsFailed:          {"PutRecords.FailedRecords", unitCount},
	putRecordsThrottled:       {"PutRecords.ThrottledRecords", unitCount},
	readExceeded:              {"ReadProvisionedThroughputExceeded", unitCount},
	writeExceeded:             {"WriteProvisionedThroughputExceeded", unitCount},
}

// The metrics of a consumer.
const (
	subscribeRateExceeded = iota
	subscribeSuccess
	eventBytes
	eventMillisBehind
	eventRecords
	eventSuccess
	consumerMetrics
)

var consumerMetricNames = [consumerMetrics]metricName{
	subscribeRateExceeded: {"SubscribeToShard.RateExceeded", unitCount},
	subscribeSuccess:      {"SubscribeToShard.Success", unitCount},
	eventBytes:            {"SubscribeToShardEvent.Bytes", unitBytes},
	eventMillisBehind:     {"SubscribeToShardEvent.MillisBehindLatest", unitMilliseconds},
	eventRecords:          {"SubscribeToShardEvent.Records", unitCount},
	eventSuccess:          {"SubscribeToShardEvent.Success", unitCount},
}

// shardMetric is a metric of a shard.
type shardMetric int

const (
	shardIncomingBytes shardMetric = iota
	shardIncomingRecords
	shardIteratorAge
	shardOutgoingBytes
	shardOutgoingRecords
	shardReadExceeded
	shardWriteExceeded
	shardMetrics
)

// shardMetricNames also says which choice of EnableEnhancedMonitoring a metric is.
var shardMetricNames = [shardMetrics]struct {
	metricName
	metric stream.Metrics
}{
	shardIncomingBytes:   shardMetricNamed("IncomingBytes", unitBytes),
	shardIncomingRecords: shardMetricNamed("IncomingRecords", unitCount),
	shardIteratorAge:     shardMetricNamed("IteratorAgeMilliseconds", unitMilliseconds),
	shardOutgoingBytes:   shardMetricNamed("OutgoingBytes", unitBytes),
	shardOutgoingRecords: shardMetricNamed("OutgoingRecords", unitCount),
	shardReadExceeded:    shardMetricNamed("ReadProvisionedThroughputExceeded", unitCount),
	shardWriteExceeded:   shardMetricNamed("WriteProvisionedThroughputExceeded", unitCount),
}

func shardMetricNamed(name, unit string) (m struct {
	metricName
	metric stream.Metrics
},
) {
	m.metricName = metricName{name, unit}
	m.metric, _ = stream.ParseMetrics(name)
	return m
}

// collect yields what a minute has, nil if there is none.
func (t *tally) collect(r ref, yield func(Metric)) {
	if t == nil {
		return
	}
	m := Metric{Account: r.account, Region: r.region, Stream: r.name, At: t.minute.Start()}
	for i := range t.stream {
		m.yield(streamMetricNames[i], &t.stream[i], yield)
	}
	for id, sh := range t.shards {
		m.Shard = id.String()
		for i := range sh.samples {
			m.yield(shardMetricNames[i].metricName, &sh.samples[i], yield)
		}
	}
	m.Shard = ""
	for name, of := range t.consumers {
		m.Consumer = name
		for i := range of {
			m.yield(consumerMetricNames[i], &of[i], yield)
		}
	}
}

// yield yields the metric with a name, if it has samples.
func (m Metric) yield(name metricName, s *samples, yield func(Metric)) {
	if s.count == 0 {
		return
	}
	m.Name, m.Unit = name.name, name.unit
	m.Count, m.Sum, m.Min, m.Max = s.count, s.sum, s.min, s.max
	yield(m)
}
