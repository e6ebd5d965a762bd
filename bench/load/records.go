package load

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
)

// Records are the records of a request.
type Records struct {
	Stream string
	Count  int // 0 is one, by PutRecord
	Bytes  int // of each one's data
}

// PerRequest returns how many records a request has.
func (r Records) PerRequest() int { return max(r.Count, 1) }

// Calls returns calls of PutRecords or PutRecord, all different. Data is random,
// so that nothing on the way gains by its being repetitive, and so are keys,
// so that calls meet all shards.
func (r Records) Calls(calls int) []Call {
	rng := rand.New(rand.NewPCG(1, 2))
	all := make([]Call, calls)
	for i := range all {
		if r.Count == 0 {
			all[i] = Call{Operation: "PutRecord", Form: JSON, Body: fmt.Appendf(nil, `{"StreamName":%q,%s}`, r.Stream, r.entry(rng))}
			continue
		}
		entries := make([]string, r.Count)
		for j := range entries {
			entries[j] = "{" + r.entry(rng) + "}"
		}
		all[i] = Call{
			Operation: "PutRecords", Form: JSON,
			Body: fmt.Appendf(nil, `{"StreamName":%q,"Records":[%s]}`, r.Stream, strings.Join(entries, ",")),
		}
	}
	return all
}

func (r Records) entry(rng *rand.Rand) string {
	data := make([]byte, r.Bytes+8)
	for i := 0; i < r.Bytes; i += 8 {
		binary.LittleEndian.PutUint64(data[i:], rng.Uint64())
	}
	return fmt.Sprintf(`"PartitionKey":"%016x","Data":"%s"`,
		rng.Uint64(), base64.StdEncoding.EncodeToString(data[:r.Bytes]))
}
