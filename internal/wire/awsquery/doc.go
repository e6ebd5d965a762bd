// Package awsquery is the AWS query protocol, which the older SDKs speak with
// CloudWatch, and all with STS: it fills the inputs of package api from forms,
// and writes outputs and errors in XML.
//
// A request is a form. Its parameters name the members of the shape, step by
// step:
//
//	Action=PutMetricData&Version=2010-08-01&Namespace=Orders
//	&MetricData.member.1.MetricName=Latency                     the first of a list
//	&MetricData.member.1.Dimensions.member.2.Name=Shard         a list within
//	&MetricData.member.1.StatisticValues.Sum=1.5E3              a structure
//	&Entity.Attributes.entry.1.key=Host                         a map's entry
//	&Entity.Attributes.entry.1.value=a1
//
//	string, enum   text
//	integer, long  12, +12, -12
//	double         1.5, 1E3, NaN, Infinity
//	boolean        true, false, 1, 0
//	timestamp      2026-11-20T17:00:00Z, with a fraction or another zone; UTC without one
//	blob           base64
//	list           X.member.1, or X.1; X= is the empty one
//	map            X.entry.1.key and X.entry.1.value, or X.1.key and X.1.value
//
// Parameters may come in any order: some clients sort them by name, 10 before 2.
// Lists have the order of their indexes, in which there may be gaps. Of a
// parameter that is there twice the first counts, and one that the shape does not
// have is skipped.
//
// An answer has the output within an envelope, and no ...Result without one:
//
//	<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
//	  <GetCallerIdentityResult><Account>000000000000</Account>...</GetCallerIdentityResult>
//	  <ResponseMetadata><RequestId>...</RequestId></ResponseMetadata>
//	</GetCallerIdentityResponse>
//
// without white space. The elements of lists are named member, and those of maps
// entry, with a key and a value. An error is
//
//	<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
//	  <Error><Type>Sender</Type><Code>ValidationError</Code><Message>...</Message></Error>
//	  <RequestId>...</RequestId>
//	</ErrorResponse>
//
// with the type Receiver if it is the server's, and without Message if that is
// empty. The codes are others than those of the other wire forms, and so are some
// statuses (Reword).
//
// # Memory
//
// Nothing is sized by an index that a form claims. Parameters are kept, as parts of
// the form, before the first is looked at: only those whose first step is a member,
// and api.MaxValues of them at most.
package awsquery
