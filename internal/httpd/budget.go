package httpd

import (
	"net/netip"
	"sync"
)

// maxClientBytes is how much memory the bodies of one client's requests may take
// at a time: dozens of the largest. It is not one bound for all, which one
// client could use up at the cost of the others.
const maxClientBytes = 512 << 20

// client is where requests come from as far as memory goes: an IPv4 address, or
// the 64 bits of an IPv6 address that a network is given. The zero value is for
// requests that come from no address.
type client = netip.Prefix

func clientOf(remote string) client {
	a := sourceIP(remote).Unmap()
	bits := 64
	if a.Is4() {
		bits = 32
	}
	c, _ := a.Prefix(bits)
	return c
}

// bodyBudget counts the memory of bodies by client. The zero value is ready for
// use.
type bodyBudget struct {
	mu   sync.Mutex       // guards used
	used map[client]int64 // of clients that use some
}

// take counts n bytes more, unless the client had too many then.
func (b *bodyBudget) take(c client, n int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	after := b.used[c] + int64(n)
	if after > maxClientBytes {
		return false
	}
	if b.used == nil {
		b.used = make(map[client]int64)
	}
	b.used[c] = after
	return true
}

// give counts n bytes less.
func (b *bodyBudget) give(c client, n int) {
	if n == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.used[c] -= int64(n); b.used[c] == 0 {
		delete(b.used, c)
	}
}
