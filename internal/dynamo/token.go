package dynamo

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"leat/internal/api"
	"leat/internal/api/dynamodb"
	"leat/internal/dynamo/item"
	"leat/internal/engine"
	"leat/internal/service"
	"leat/internal/stream"
)

// token is the ClientRequestToken of a transaction, which is stored together with
// what the transaction changes.
type token struct {
	key    engine.Key
	digest [sha256.Size]byte
	now    stream.Millis
}

// errRepeated is the error of a transaction that was made before.
var errRepeated = errors.New("the transaction was made before")

func newToken(c service.Caller, in *dynamodb.TransactWriteItemsInput, now stream.Millis) *token {
	return &token{
		key:    engine.NewKey(tokensPart, c.Account, c.Region, in.ClientRequestToken.V),
		digest: digest(in.TransactItems.V), now: now,
	}
}

// check returns an error if the transaction is not to be made: it was made before,
// or another was with the same token.
func (t *token) check(ctx context.Context, s *Service) error {
	e, err := s.kv.Get(ctx, t.key)
	switch {
	case errors.Is(err, engine.ErrNotFound):
		return nil
	case err != nil:
		return err
	case tokenExpired(e.Value, t.now):
		return nil
	case string(e.Value[8:]) == string(t.digest[:]):
		return errRepeated
	}
	return api.Errorf(api.IdempotentParameterMismatch, "")
}

// change returns what stores the token. What it replaces has expired.
func (t *token) change() engine.Change {
	v := binary.BigEndian.AppendUint64(nil, uint64(t.now)+uint64(tokenTTL.Milliseconds()))
	return engine.Change{Key: t.key, Value: append(v, t.digest[:]...), Expect: engine.Any}
}

// tokenExpired reports whether a stored token means nothing any more.
func tokenExpired(value []byte, now stream.Millis) bool {
	return len(value) < 8 || binary.BigEndian.Uint64(value) <= uint64(now)
}

// digest returns what two transactions have in common if they ask for the same.
func digest(items []dynamodb.TransactWriteItem) (sum [sha256.Size]byte) {
	h := sha256.New()
	text := func(part string) { fmt.Fprintf(h, "%d %s", len(part), part) }
	values := func(it item.Item) { text(string(it.AppendBinary(nil))) }
	for i := range items {
		for _, p := range partsOf(&items[i]) {
			text(p.table)
			values(p.it)
			text(p.update.V)
			text(p.condition.V)
			for _, name := range byName(p.names.V) {
				text(name)
				text(p.names.V[name])
			}
			values(p.values.V)
		}
	}
	h.Sum(sum[:0])
	return sum
}

// part is one of the four members of an item of a transaction.
type part struct {
	table             string
	it                item.Item
	update, condition api.Opt[string]
	names             api.Opt[map[string]string]
	values            api.Opt[item.Item]
}

// partsOf returns the members of an item of a transaction, in an order of kinds.
func partsOf(t *dynamodb.TransactWriteItem) [4]part {
	k, p, d, u := &t.ConditionCheck.V, &t.Put.V, &t.Delete.V, &t.Update.V
	var none api.Opt[string]
	return [4]part{
		{k.TableName.V, k.Key.V, none, k.ConditionExpression, k.ExpressionAttributeNames, k.ExpressionAttributeValues},
		{p.TableName.V, p.Item.V, none, p.ConditionExpression, p.ExpressionAttributeNames, p.ExpressionAttributeValues},
		{d.TableName.V, d.Key.V, none, d.ConditionExpression, d.ExpressionAttributeNames, d.ExpressionAttributeValues},
		{u.TableName.V, u.Key.V, u.UpdateExpression, u.ConditionExpression, u.ExpressionAttributeNames, u.ExpressionAttributeValues},
	}
}
