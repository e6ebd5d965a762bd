// Package cloudwatch is the part of Amazon CloudWatch that the programs around
// Kinesis use: they put metrics, and somebody looks at them. What the server
// itself counts is there, too, in the namespace AWS/Kinesis.
//
//	service.go          Service, and how errors are called in each protocol
//	sample.go           what comes in: metrics, their keys, units
//	store.go            what is kept, by the minute, and how much of it
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
//	+------------+--------+-------+-------+-------+-------+-------+--------+
//	| parts of   | unit   | flags | count | sum   | min   | max   | sketch |
//	| the metric | (1)    | (1)   | (8)   | (8)   | (8)   | (8)   |        |
//	+------------+--------+-------+-------+-------+-------+-------+--------+
//
// The parts are a uvarint that says how many there are, then each with its length
// as a uvarint before it: account, region, namespace, name, and of each dimension
// name and value. The unit is the index in the list of units. Numbers of 8 bytes
// are IEEE 754 in big endian. Bit 0 of the flags says that there is a sketch:
//
//	level (uvarint)  buckets (uvarint)  then of each: key less the one before
//	                                    (uvarint), samples (8)
//
// A summary that occurs in two objects of a minute, as after a crash between two
// writes, counts once.
package cloudwatch
