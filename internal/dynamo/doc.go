// Package dynamo is the part of the Amazon DynamoDB API that the clients of
// streams keep their leases, checkpoints and locks with, over the KV of an engine.
//
//	operations.go  the table of operations
//	resource.go    what callers have to be allowed, for authorisation
//	service.go     Service: what is open while the server runs
//	registry.go    the tables by name: finding, listing, changing them
//	definition.go  a table as it is stored
//	table.go       a table while the server runs: snapshots, keys, indexes
//	index.go       indexes as requests describe them
//	build.go       writing the entries of a new index; removing what is left over
//	key.go         the keys of items and entries
//	commit.go      changing items: locks, conditions, one durable write
//	token.go       the ClientRequestToken of transactions
//	write.go       from the parameters of a write to a change
//	page.go        reading in the order of keys, page by page
//	select.go      what a Query or a Scan wants to know
//	expressions.go from the parameters of requests to expressions
//	capacity.go    the capacity that requests are said to consume
//	sweep.go       what happens as time passes: items and tokens that expire
//	view.go        tables as answers show them
//	unserved.go    the parameters of tables that are refused
//	text.go        what is kept of a request
//	limits.go      the limits
//	errors.go      the errors that operations share, in AWS's words
//
// # What is stored
//
// The KV is the only truth. Its keys are made of parts:
//
//	"table" | account | region | name                           a definition, see below
//	"item" | table | hash | partition [| sort]                  size | item
//	"index" | table | index | hash | partition | sort | key     size
//	"token" | account | region | ClientRequestToken             expiry | digest
//
// table is the table's number, the revision of the KV that created it, and index
// the number of an index of it, both in base 36: neither is ever used again, so
// whatever is left behind by a table or an index that is gone cannot come to light
// under the same name. partition and sort are the key attributes of the table, or
// of the index, in the key form of package item, whose order is DynamoDB's; sort is
// empty where an index has no sort key. hash is the first 8 bytes of the MD5 sum
// of partition: it spreads partitions evenly, and is what a parallel Scan divides.
// key is the key of the item: its partition and its sort, one after the other.
//
// The item is in the stored form of package item. Its size, and that of the
// attributes that an index projects, is what DynamoDB would count, as an unsigned
// varint, so that neither Open nor the end of a page needs the item itself.
// An expiry is 8 bytes, big-endian, in milliseconds; a digest is the SHA-256 of
// a transaction.
//
// A definition is JSON, with these members. What is not said of a table is absent;
// times are in milliseconds. A version that is not 1 and members that are not here
// are refused.
//
//	version      1
//	number       the table's, absent while it is the revision of the entry
//	id           the TableId
//	created      when
//	attributes   [{name, type}], those that keys are made of; the type is S, N or B
//	key          {partition, sort}
//	indexes      [{number, name, local, key, projection, included, throughput, onDemand}]
//	billing      {mode, shown, onDemandSince}; shown is whether it was ever on demand
//	throughput   {read, write, increased, decreased}
//	onDemand     {read, write}, the most that is wanted
//	class        {name, changed}
//	protected    whether it cannot be deleted
//	tags         {key: value}
//	timeToLive   the attribute that says when an item expires
//	recovery     {enabled, days}, the setting of point-in-time recovery
//
// # What holds
//
// An item changes together with its entries in all indexes, and all items of a
// transaction together, in one Write. So an index is never behind its table,
// all reads are of the committed state, and a crash leaves nothing half done but
// these, which Open removes: what belongs to tables and indexes that are gone, and
// the entries of an index whose definition was still to be written.
package dynamo
