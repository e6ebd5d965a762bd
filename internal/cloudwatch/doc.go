// Package cloudwatch is the part of Amazon CloudWatch that the programs around
// Kinesis use: they put metrics, and somebody looks at them. What the server
// itself counts is there, too, in the namespace AWS/Kinesis.
//
//	service.go          Service, and how errors are called in each protocol
//	sample.go           what comes in: metrics, their keys, units
//	store.go            what is kept, by the minute, and how much of it
//	rows.go             minutes in a dense form
//	summary.go          the samples of one minute, or of several
//	sketch.go           their distribution, for percentiles
//	codec.go, flush.go  how minutes are stored and loaded
//	put.go              PutMetricData: what it refuses
//	statistics.go       GetMetricStatistics
//	data.go             GetMetricData
//	math.go, fold.go    its expressions
//	list.go             ListMetrics
//
// # What is kept
//
// The samples of a minute that have the same metric (account, region, namespace,
// name, dimensions) and the same unit become one summary: how many, their sum,
// least and greatest, and how they are distributed. Minutes are kept for a day
// and within a number of bytes; when there are too many the oldest minute goes as
// a whole. A metric is known while a minute has it, so that metrics which come and
// go cost nothing later.
//
// What has come since the last Flush is kept in a form that can be added to, and the
// rest as rows: encoded summaries, a fraction as large. What comes late for a minute
// is beside its rows until the next Flush. Readers add up both.
//
// # Stored form
//
// Every minute is a few objects in the KV, under the keys
//
//	("metrics", minute, part)     both numbers in decimal, the minute with 12 digits
//
// that are written as a whole whenever the minute has changed. An object is
//
//	+---------+-----------------+-------------------------+
//	| version | size of the     | the summaries, deflated |
//	| (1)     | summaries (4)   |                         |
//	+---------+-----------------+-------------------------+
//
// with the size in big endian and each summary as
//
//	+-------------+-----+----------+-----------+---------+
//	| size of the | key | unit (1) | flags (1) | numbers |
//	| key         |     |          |           |         |
//	+-------------+-----+----------+-----------+---------+
//
// The key is the metric's engine.Key, with the parts account, region, namespace,
// name, and of each dimension name and value. The unit is the index in the list of
// units. A row, which memory has in the same form, is the flags and the
// numbers
//
//	count  min                             if bit 1 of the flags is set: all samples
//	                                       are the same
//	count  min  sum  max                   else
//	count  min  sum  max  level  buckets   else, and bit 0 is set: the distribution is
//	                                       known; then of each bucket: key less the one
//	                                       before, samples
//
// Sizes, levels, keys and how many buckets there are are uvarints. The others are
// numbers: a whole one up to 2^53 is a uvarint of its double, all others are a 1 and
// eight bytes, IEEE 754 in big endian.
//
// A summary that occurs in two objects of a minute, as after a crash between two
// writes, counts once.
package cloudwatch
