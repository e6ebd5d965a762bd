package kinesis

import (
	"errors"

	"leat/internal/api"
	"leat/internal/engine"
	"leat/internal/stream"
)

func errStreamNotFound(r ref) *api.Error {
	return api.Errorf(api.ResourceNotFound, "Stream %s under account %s not found.", r.name, r.account)
}

func errNotActive(r ref, status stream.Status) *api.Error {
	return api.Errorf(api.ResourceInUse, "Stream %s under account %s not ACTIVE, instead in state %s",
		r.name, r.account, status)
}

func errHasConsumers(r ref) *api.Error {
	return api.Errorf(api.ResourceInUse,
		"Stream %s under account %s has registered consumers. Deregister them, or set EnforceConsumerDeletion.", r.name, r.account)
}

// errBadShardID is for a shard id that is none, and for one of the operations
// that change shards when the stream has no such shard.
func errBadShardID(r ref, shard string) *api.Error {
	return api.Errorf(api.ResourceNotFound, "Could not find shard %s in stream %s under account %s.",
		shard, r.name, r.account)
}

// errShardMissing is the reading operations' word for an unknown shard, and for
// an unknown stream.
func errShardMissing(r ref, shard stream.ShardID) *api.Error {
	return api.Errorf(api.ResourceNotFound, "Shard %s in stream %s under account %s does not exist",
		shard, r.name, r.account)
}

// rateExceeded is the message of a shard that is written or read too fast.
func rateExceeded(r ref, shard stream.ShardID) string {
	return "Rate exceeded for shard " + shard.String() + " in stream " + r.name + " under account " + r.account + "."
}

func errShardRate(r ref, shard stream.ShardID) *api.Error {
	return &api.Error{
		Code:    string(api.ProvisionedThroughputExceeded),
		Message: rateExceeded(r, shard),
		Status:  api.ProvisionedThroughputExceeded.Status(),
	}
}

// errDryRun is the answer to a request with DryRun that would have succeeded.
func errDryRun() *api.Error {
	return api.Errorf(api.DryRunOperation, "Request would have succeeded, but DryRun flag is set.")
}

// storageError turns an engine's refusal into what the client can act on: a
// full or failed engine is a retryable 5xx. Other errors pass.
func storageError(err error) error {
	switch {
	case errors.Is(err, engine.ErrFull):
		return api.Errorf(api.ServiceUnavailable, "The server cannot take more data now. Try again later.")
	case errors.Is(err, engine.ErrFailed), errors.Is(err, engine.ErrUnknown):
		return api.Errorf(api.InternalFailure, "Internal Service Failure")
	}
	return err
}
