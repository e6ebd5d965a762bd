// Orders plays the classic streaming scenario against a Kinesis endpoint: a
// shop writes what happens to its orders into a stream, and two applications
// that know nothing of each other, ordering and notification, read all of it.
//
//	go run ./cmd/leat serve
//	go run ./examples/orders
//
// Every order is placed, shipped and delivered. Its number is the partition
// key, so its events are in one shard and each application must see them in
// that sequence, also across a shard that is split while the shop is at work.
// The program prints what each application saw and fails if an order's events
// are missing or out of sequence.
//
// It talks to http://127.0.0.1:4567 unless AWS_ENDPOINT_URL names another
// endpoint; nothing in it is particular to leat.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

const defaultEndpoint = "http://127.0.0.1:4567"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "orders:", err)
		os.Exit(1)
	}
}

// run plays the scenario on a stream of its own, which it deletes in the end.
func run(ctx context.Context, args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("orders", flag.ContinueOnError)
	orders := flags.Int("orders", 30, "how many orders are placed")
	shards := flags.Int("shards", 3, "how many shards the stream begins with")
	timeout := flags.Duration("timeout", 2*time.Minute, "when to give up")
	if err := flags.Parse(args); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, *timeout)
	defer cancel()

	client, err := connect(ctx)
	if err != nil {
		return err
	}
	stream := fmt.Sprintf("orders-%08x", rand.Uint32())
	if err := create(ctx, client, stream, *shards); err != nil {
		return err
	}
	saw, err := play(ctx, client, stream, *orders)
	// The stream goes also when the user has interrupted the scenario.
	_, gone := client.DeleteStream(context.WithoutCancel(ctx), &kinesis.DeleteStreamInput{StreamName: &stream})
	if err := errors.Join(err, gone); err != nil {
		return err
	}
	return report(stdout, saw, *orders)
}

// connect returns a client for the environment's endpoint, or for leat's.
func connect(ctx context.Context) (*kinesis.Client, error) {
	cfg, err := config.LoadDefaultConfig(ctx, config.WithDefaultRegion("us-east-1"))
	if err != nil {
		return nil, err
	}
	return kinesis.NewFromConfig(cfg, func(o *kinesis.Options) {
		if os.Getenv("AWS_ENDPOINT_URL") != "" || os.Getenv("AWS_ENDPOINT_URL_KINESIS") != "" {
			return
		}
		o.BaseEndpoint = aws.String(defaultEndpoint)
		o.Credentials = credentials.NewStaticCredentialsProvider("any", "any", "")
	}), nil
}

func create(ctx context.Context, client *kinesis.Client, stream string, shards int) error {
	_, err := client.CreateStream(ctx, &kinesis.CreateStreamInput{
		StreamName: &stream,
		ShardCount: aws.Int32(int32(shards)),
	})
	if err != nil {
		return fmt.Errorf("create stream %s: %w", stream, err)
	}
	return awaitActive(ctx, client, stream)
}

func awaitActive(ctx context.Context, client *kinesis.Client, stream string) error {
	waiter := kinesis.NewStreamExistsWaiter(client, func(o *kinesis.StreamExistsWaiterOptions) {
		o.MinDelay, o.MaxDelay = 100*time.Millisecond, time.Second
	})
	return waiter.Wait(ctx, &kinesis.DescribeStreamInput{StreamName: &stream}, time.Minute)
}

// play runs the shop and both applications and returns what these saw.
func play(ctx context.Context, client *kinesis.Client, stream string, orders int) ([]*application, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ordering := newApplication("ordering", client, stream)
	notification := newApplication("notification", client, stream)
	events := orders * len(statuses)

	errs := make(chan error, 3)
	var group sync.WaitGroup
	start := func(work func() error) {
		group.Go(func() {
			err := work()
			if err != nil {
				cancel()
			}
			errs <- err
		})
	}
	start(func() error { return produce(ctx, client, stream, orders) })
	start(func() error { return ordering.consume(ctx, events) })
	start(func() error { return notification.consume(ctx, events) })
	group.Wait()
	close(errs)

	var all error
	for err := range errs {
		all = errors.Join(all, err)
	}
	return []*application{ordering, notification}, all
}

// patiently calls until the call is no longer refused for its rate, waiting
// longer each time and never as long as a neighbour. The client itself repeats
// a refused call only a few times.
func patiently(ctx context.Context, call func() error) error {
	const longest = 2 * time.Second
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, longest) {
		err := call()
		if _, throttled := errors.AsType[*types.ProvisionedThroughputExceededException](err); !throttled {
			return err
		}
		if err := rest(ctx, pause/2+rand.N(pause)); err != nil {
			return err
		}
	}
}

// rest waits for a while or for the end of the context.
func rest(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
