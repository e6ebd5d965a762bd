package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

// pollInterval leaves two applications under the five calls a second that a
// shard answers.
const pollInterval = 500 * time.Millisecond

// application reads a whole stream: all shards at once, and the children of a
// shard once all their parents have been read to the end.
type application struct {
	name   string
	client *kinesis.Client
	stream string

	// Written by consume only.
	orders map[string]*history
	done   map[string]bool // shards that have been read to their end
	begun  map[string]bool
}

// history is what an application saw of one order.
type history struct {
	statuses []string
	shards   []string // where it saw them
}

// news is what the reader of a shard has to tell.
type news struct {
	shard    string
	records  []types.Record
	ended    bool // the shard is closed and read
	children []types.ChildShard
	err      error
}

func newApplication(name string, client *kinesis.Client, stream string) *application {
	return &application{
		name:   name,
		client: client,
		stream: stream,
		orders: make(map[string]*history),
		done:   make(map[string]bool),
		begun:  make(map[string]bool),
	}
}

// consume reads until it has seen the number of events.
func (a *application) consume(ctx context.Context, events int) error {
	roots, err := a.roots(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", a.name, err)
	}
	ctx, cancel := context.WithCancel(ctx)
	var readers sync.WaitGroup
	defer readers.Wait()
	defer cancel()

	inbox := make(chan news)
	begin := func(shard string) {
		a.begun[shard] = true
		readers.Go(func() { a.read(ctx, shard, inbox) })
	}
	for _, shard := range roots {
		begin(shard)
	}
	for seen := 0; seen < events; {
		select {
		case n := <-inbox:
			if n.err != nil {
				return fmt.Errorf("%s: read %s: %w", a.name, n.shard, n.err)
			}
			fresh, err := a.note(n)
			if err != nil {
				return err
			}
			seen += fresh
			for _, shard := range a.ready(n) {
				begin(shard)
			}
		case <-ctx.Done():
			return fmt.Errorf("%s: saw %d of %d events: %w", a.name, seen, events, ctx.Err())
		}
	}
	return nil
}

// roots returns the shards that have no parents in the stream.
func (a *application) roots(ctx context.Context) ([]string, error) {
	page, err := a.client.ListShards(ctx, &kinesis.ListShardsInput{StreamName: &a.stream})
	if err != nil {
		return nil, fmt.Errorf("list shards: %w", err)
	}
	var roots []string
	for _, s := range page.Shards {
		if s.ParentShardId == nil {
			roots = append(roots, *s.ShardId)
		}
	}
	return roots, nil
}

// note keeps what a shard brought, and returns how many events of it are new.
// A client that does not hear the answer to a put repeats it, so an event may
// be there twice in a row; programs that read streams have to expect that.
func (a *application) note(n news) (fresh int, err error) {
	for _, r := range n.records {
		var e event
		if err := json.Unmarshal(r.Data, &e); err != nil {
			return 0, fmt.Errorf("%s: record %s: %w", a.name, *r.SequenceNumber, err)
		}
		h := a.orders[e.Order]
		if h == nil {
			h = new(history)
			a.orders[e.Order] = h
		}
		if last := len(h.statuses) - 1; last >= 0 && h.statuses[last] == e.Status {
			continue
		}
		fresh++
		h.statuses = append(h.statuses, e.Status)
		if !slices.Contains(h.shards, n.shard) {
			h.shards = append(h.shards, n.shard)
		}
	}
	return fresh, nil
}

// ready returns the shards that may be begun after the news.
func (a *application) ready(n news) []string {
	if !n.ended {
		return nil
	}
	a.done[n.shard] = true
	var shards []string
	for _, c := range n.children {
		unread := func(parent string) bool { return !a.done[parent] }
		if !a.begun[*c.ShardId] && !slices.ContainsFunc(c.ParentShards, unread) {
			shards = append(shards, *c.ShardId)
		}
	}
	return shards
}

// read sends what a shard holds, from its oldest record until it ends, fails
// or the context does.
func (a *application) read(ctx context.Context, shard string, inbox chan<- news) {
	send := func(n news) bool {
		n.shard = shard
		select {
		case inbox <- n:
			return true
		case <-ctx.Done():
			return false
		}
	}
	position, err := a.iterator(ctx, shard)
	for err == nil {
		var page *kinesis.GetRecordsOutput
		err = patiently(ctx, func() (err error) {
			page, err = a.client.GetRecords(ctx, &kinesis.GetRecordsInput{ShardIterator: position})
			return err
		})
		if err != nil {
			break
		}
		position = page.NextShardIterator
		ended := position == nil
		if !send(news{records: page.Records, ended: ended, children: page.ChildShards}) || ended {
			return
		}
		err = rest(ctx, pollInterval)
	}
	send(news{err: err})
}

func (a *application) iterator(ctx context.Context, shard string) (*string, error) {
	var position *string
	err := patiently(ctx, func() error {
		out, err := a.client.GetShardIterator(ctx, &kinesis.GetShardIteratorInput{
			StreamName:        &a.stream,
			ShardId:           &shard,
			ShardIteratorType: types.ShardIteratorTypeTrimHorizon,
		})
		if err == nil {
			position = out.ShardIterator
		}
		return err
	})
	return position, err
}
