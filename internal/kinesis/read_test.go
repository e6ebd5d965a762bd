package kinesis_test

import (
	"strings"
	"testing"
	"time"

	"leat/internal/api"
	"leat/internal/service"
	"leat/internal/stream"
)

const shard0 = "shardId-000000000000"

func TestIteratorTypes(t *testing.T) {
	f := newFixture(t)
	f.create("s", 1)
	first := f.put("s", "k", "one")
	f.advance(2 * time.Second)
	second := f.put("s", "k", "two")
	latest := f.iterator(api.GetShardIteratorInput{StreamName: some("s"), ShardId: some(shard0), ShardIteratorType: some("LATEST")})
	f.advance(2 * time.Second)
	f.put("s", "k", "three")

	starting := f.describe("s").Shards[0].SequenceNumberRange.StartingSequenceNumber
	for _, tt := range []struct {
		name string
		in   api.GetShardIteratorInput
		want []string
	}{
		{"trim horizon", api.GetShardIteratorInput{ShardIteratorType: some("TRIM_HORIZON")}, []string{"one", "two", "three"}},
		{"at", api.GetShardIteratorInput{ShardIteratorType: some("AT_SEQUENCE_NUMBER"), StartingSequenceNumber: some(second.SequenceNumber)}, []string{"two", "three"}},
		{"after", api.GetShardIteratorInput{ShardIteratorType: some("AFTER_SEQUENCE_NUMBER"), StartingSequenceNumber: some(first.SequenceNumber)}, []string{"two", "three"}},
		{"at the starting number", api.GetShardIteratorInput{ShardIteratorType: some("AT_SEQUENCE_NUMBER"), StartingSequenceNumber: some(starting)}, []string{"one", "two", "three"}},
		{"after the starting number", api.GetShardIteratorInput{ShardIteratorType: some("AFTER_SEQUENCE_NUMBER"), StartingSequenceNumber: some(starting)}, []string{"one", "two", "three"}},
		{"at a time", api.GetShardIteratorInput{ShardIteratorType: some("AT_TIMESTAMP"), Timestamp: some(api.Timestamp(testStart + 1))}, []string{"two", "three"}},
		{"at the time of a record", api.GetShardIteratorInput{ShardIteratorType: some("AT_TIMESTAMP"), Timestamp: some(api.Timestamp(testStart + 2000))}, []string{"two", "three"}},
		{"before all", api.GetShardIteratorInput{ShardIteratorType: some("AT_TIMESTAMP"), Timestamp: some(api.Timestamp(1))}, []string{"one", "two", "three"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f.t = t
			tt.in.StreamName, tt.in.ShardId = some("s"), some(shard0)
			wantData(t, f.read(f.iterator(tt.in)), tt.want...)
		})
	}
	f.t = t
	wantData(t, f.read(latest), "three")
}

// A sequence number is compared whole: the position, then the time.
func TestNumbersBetweenRecords(t *testing.T) {
	f := newFixture(t)
	f.create("s", 1)
	f.put("s", "k", "one")
	second, _, err := stream.ParseSequenceNumber(f.put("s", "k", "two").SequenceNumber)
	if err != nil {
		t.Fatal(err)
	}
	f.put("s", "k", "three")
	earlier, later := second, second
	earlier.Time--
	later.Time++
	for _, tt := range []struct {
		kind   string
		number stream.SequenceNumber
		want   []string
	}{
		{"AT_SEQUENCE_NUMBER", earlier, []string{"two", "three"}},
		{"AFTER_SEQUENCE_NUMBER", earlier, []string{"two", "three"}},
		{"AT_SEQUENCE_NUMBER", later, []string{"three"}},
		{"AFTER_SEQUENCE_NUMBER", later, []string{"three"}},
	} {
		got := f.read(f.iterator(api.GetShardIteratorInput{
			StreamName: some("s"), ShardId: some(shard0),
			ShardIteratorType: some(tt.kind), StartingSequenceNumber: some(tt.number.String()),
		}))
		wantData(t, got, tt.want...)
	}
}

// What comes before the cursor takes no room in a page.
func TestPageAfterARecordIsNotEmpty(t *testing.T) {
	f := newFixture(t)
	f.create("s", 1)
	first := f.put("s", "k", strings.Repeat("x", 1<<20-1))
	f.put("s", "k", "two")
	p := f.get(f.iterator(api.GetShardIteratorInput{
		StreamName: some("s"), ShardId: some(shard0),
		ShardIteratorType: some("AFTER_SEQUENCE_NUMBER"), StartingSequenceNumber: some(first.SequenceNumber),
	}), 1)
	wantData(t, p.data, "two")
}

// An iterator whose page was empty hands its place on as it is: here to the
// record that comes to be at its position, but with a smaller number.
func TestEmptyPagesKeepTheirPlace(t *testing.T) {
	f := newFixture(t)
	f.create("s", 1)
	ahead, _, err := stream.ParseSequenceNumber(f.put("s", "k", "one").SequenceNumber)
	if err != nil {
		t.Fatal(err)
	}
	ahead.Position++
	ahead.Time += 60
	p := f.get(f.iterator(api.GetShardIteratorInput{
		StreamName: some("s"), ShardId: some(shard0),
		ShardIteratorType: some("AT_SEQUENCE_NUMBER"), StartingSequenceNumber: some(ahead.String()),
	}), 0)
	wantData(t, p.data)
	f.put("s", "k", "two")
	f.put("s", "k", "three")
	wantData(t, f.read(p.next), "three")
}

func TestGetRecordsPages(t *testing.T) {
	f := newFixture(t)
	f.create("s", 1)
	var entries []api.PutRecordsRequestEntry
	for range 25 {
		entries = append(entries, entry("k", strings.Repeat("x", 1000)))
	}
	f.putRecords("s", entries...)
	it, seen := f.horizon("s", shard0), 0
	for _, want := range []int{10, 10, 5, 0, 0} {
		p := f.get(it, 10)
		if len(p.data) != want {
			t.Fatalf("a page of %d records, want %d", len(p.data), want)
		}
		if p.next == "" || p.next == it {
			t.Fatalf("iterator %q is followed by %q", it, p.next)
		}
		seen += len(p.data)
		it = p.next
	}
	if seen != 25 {
		t.Errorf("%d records were read", seen)
	}
}

func TestGetRecordsBytes(t *testing.T) {
	f := newFixture(t)
	f.create("s", 1)
	for range 12 {
		f.put("s", "k", strings.Repeat("x", 1<<20-1))
	}
	p := f.get(f.horizon("s", shard0), 0)
	if len(p.data) != 10 {
		t.Errorf("%d records of 1 MiB in a page, want 10", len(p.data))
	}
	if p = f.get(p.next, 0); len(p.data) != 2 {
		t.Errorf("%d records in the second page, want 2", len(p.data))
	}
}

func TestMillisBehindLatest(t *testing.T) {
	f := newFixture(t)
	f.create("s", 1)
	f.put("s", "k", "one")
	f.advance(time.Second)
	f.put("s", "k", "two")
	f.advance(3 * time.Second)
	it := f.horizon("s", shard0)
	p := f.get(it, 1)
	if p.behind != 4000 {
		t.Errorf("%d ms behind after the first record, want 4000", p.behind)
	}
	if p = f.get(p.next, 1); p.behind != 0 {
		t.Errorf("%d ms behind at the tip", p.behind)
	}
	if p = f.get(p.next, 1); p.behind != 0 {
		t.Errorf("%d ms behind with nothing to read", p.behind)
	}
}

func TestClosedShardEnds(t *testing.T) {
	f := newFixture(t)
	f.create("s", 1)
	f.put("s", "k", "one")
	latest := f.iterator(api.GetShardIteratorInput{StreamName: some("s"), ShardId: some(shard0), ShardIteratorType: some("LATEST")})
	f.split("s", shard0)
	f.advance(5 * time.Second)

	p := f.get(f.horizon("s", shard0), 0)
	wantData(t, p.data, "one")
	if p.next == "" || p.childs != nil {
		t.Fatalf("the page with the last record has next %q and children %q", p.next, p.childs)
	}
	for _, it := range []string{p.next, latest, f.iterator(api.GetShardIteratorInput{
		StreamName: some("s"), ShardId: some(shard0), ShardIteratorType: some("LATEST"),
	})} {
		end := f.get(it, 0)
		if end.next != "" || len(end.data) != 0 || len(end.childs) != 2 {
			t.Errorf("at the end: %+v", end)
		}
		if end.behind != 5000 {
			t.Errorf("%d ms behind in a drained shard, want 5000", end.behind)
		}
	}
	ending := f.describe("s").Shards[0].SequenceNumberRange.EndingSequenceNumber.V
	end := f.get(f.iterator(api.GetShardIteratorInput{
		StreamName: some("s"), ShardId: some(shard0),
		ShardIteratorType: some("AT_SEQUENCE_NUMBER"), StartingSequenceNumber: some(ending),
	}), 0)
	if end.next != "" || len(end.childs) != 2 {
		t.Errorf("from the ending number: %+v", end)
	}
}

func TestIteratorErrors(t *testing.T) {
	f := newFixture(t)
	f.create("s", 2)
	number := f.put("s", "a", "x") // of shard 0: MD5("a") is in the lower half
	in := func(shard, kind, number string) *api.GetShardIteratorInput {
		in := &api.GetShardIteratorInput{StreamName: some("s"), ShardId: some(shard), ShardIteratorType: some(kind)}
		if number != "" {
			in.StartingSequenceNumber = some(number)
		}
		return in
	}
	const combination = "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or " +
		"(2) TRIM_HORIZON or LATEST and no StartingSequenceNumber. Request specified "
	f.fails("GetShardIterator", in("shard-x", "LATEST", ""), api.ResourceNotFound,
		"Could not find shard shard-x in stream s under account 000000000000.")
	f.fails("GetShardIterator", in("shardId-000000000002", "LATEST", ""), api.ResourceNotFound,
		"Shard shardId-000000000002 in stream s under account 000000000000 does not exist")
	unknown := in("5", "LATEST", "")
	unknown.StreamName = some("other")
	f.fails("GetShardIterator", unknown, api.ResourceNotFound,
		"Shard shardId-000000000005 in stream other under account 000000000000 does not exist")
	f.fails("GetShardIterator", in("0", "AT_SEQUENCE_NUMBER", ""), api.InvalidArgument,
		combination+"AT_SEQUENCE_NUMBER and no StartingSequenceNumber.")
	f.fails("GetShardIterator", in("0", "LATEST", number.SequenceNumber), api.InvalidArgument,
		combination+"LATEST and also a StartingSequenceNumber.")
	f.fails("GetShardIterator", in("1", "AT_SEQUENCE_NUMBER", number.SequenceNumber), api.InvalidArgument,
		"Invalid StartingSequenceNumber. It encodes shardId-000000000000, while it was used in a call to a shard with shardId-000000000001")
	f.fails("GetShardIterator", in("0", "AT_TIMESTAMP", ""), api.InvalidArgument,
		"Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP. Current request has no timestamp parameter.")
	future := in("0", "AT_TIMESTAMP", "")
	future.Timestamp = some(api.Timestamp(testStart + 1))
	f.fails("GetShardIterator", future, api.InvalidArgument,
		"The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. "+
			"timestampInMillis: 1700000000124, currentTimestampInMillis: 1700000000123")
	f.fails("GetRecords", &api.GetRecordsInput{ShardIterator: some("AAAA")}, api.InvalidArgument, "Invalid ShardIterator.")
}

func TestIteratorExpiresAndIsBoundToItsCaller(t *testing.T) {
	f := newFixture(t)
	f.create("s", 1)
	it := f.horizon("s", shard0)
	f.read(`"` + it + `"`)
	for _, c := range []service.Caller{{Account: "111111111111", Region: caller.Region}, {Account: caller.Account, Region: "eu-west-1"}} {
		if _, err := f.do(c, "GetRecords", &api.GetRecordsInput{ShardIterator: some(it)}); err == nil {
			t.Errorf("%v reads with an iterator of %v", c, caller)
		}
	}
	f.advance(stream.IteratorTTL)
	f.read(it)
	f.advance(time.Millisecond)
	f.fails("GetRecords", &api.GetRecordsInput{ShardIterator: some(it)}, api.ExpiredIterator,
		"Iterator expired. The iterator was created at time Tue Nov 14 22:13:20 UTC 2023 while right now it is "+
			"Tue Nov 14 22:18:20 UTC 2023 which is further in the future than the tolerated delay of 300000 milliseconds.")
}

func TestIteratorsOutliveARestart(t *testing.T) {
	f := newFixture(t)
	f.create("s", 1)
	f.put("s", "k", "one")
	it := f.horizon("s", shard0)
	f.open()
	wantData(t, f.read(it), "one")
}

func TestAnotherStreamOfTheSameName(t *testing.T) {
	f := newFixture(t)
	f.create("s", 1)
	number := f.put("s", "k", "old").SequenceNumber
	it := f.horizon("s", shard0)
	before := f.describe("s")
	f.call("DeleteStream", &api.DeleteStreamInput{StreamName: some("s")})
	f.create("s", 1)
	after := f.describe("s")
	if after.StreamCreationTimestamp <= before.StreamCreationTimestamp {
		t.Errorf("created at %d, the one before at %d", after.StreamCreationTimestamp, before.StreamCreationTimestamp)
	}
	wantData(t, f.read(f.horizon("s", shard0)))
	f.fails("GetRecords", &api.GetRecordsInput{ShardIterator: some(it)}, api.ResourceNotFound,
		"Shard shardId-000000000000 in stream s under account 000000000000 does not exist")
	f.fails("GetShardIterator", &api.GetShardIteratorInput{
		StreamName: some("s"), ShardId: some(shard0), ShardIteratorType: some("AT_SEQUENCE_NUMBER"), StartingSequenceNumber: some(number),
	}, api.InvalidArgument, "StartingSequenceNumber "+number+" used in GetShardIterator on shard shardId-000000000000 "+
		"in stream s under account 000000000000 is invalid because it did not come from this stream.")
}
