package sigv4

import (
	"strings"
	"sync"
)

// maxSigningKeys bounds the cache. One key signs for one region and day, so this
// is plenty; a cache that is full starts anew.
const maxSigningKeys = 4096

// scope is what a signing key is made of. It has the secret, not its id, so that
// no key outlives a secret that was replaced.
type scope struct{ secret, date, region, service string }

// derive returns the signing key.
func (s scope) derive() []byte {
	key := sum([]byte("AWS4"+s.secret), s.date)
	for _, part := range []string{s.region, s.service, terminator} {
		key = sum(key, part)
	}
	return key
}

// signingKeys remembers keys, which are never changed. The zero value is ready
// for use.
type signingKeys struct {
	mu   sync.RWMutex // guards keys
	keys map[scope][]byte
}

func (k *signingKeys) get(s scope) (key []byte, ok bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	key, ok = k.keys[s]
	return key, ok
}

func (k *signingKeys) put(s scope, key []byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.keys == nil || len(k.keys) >= maxSigningKeys {
		k.keys = make(map[scope][]byte)
	}
	// The texts lie in a request's header, which may be long.
	s.date, s.region, s.service = strings.Clone(s.date), strings.Clone(s.region), strings.Clone(s.service)
	k.keys[s] = key
}
