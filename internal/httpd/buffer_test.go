package httpd

import "testing"

func TestBufferPool(t *testing.T) {
	t.Parallel()
	var p bufferPool
	for _, n := range []int{0, 1, 4095, 4096, 4097, 1 << 20, 15 << 20, 17 << 20} {
		b := p.get(n)
		if len(b.b) != 0 || cap(b.b) < n {
			t.Errorf("get(%d) has length %d and capacity %d", n, len(b.b), cap(b.b))
		}
		p.put(b)
	}
	p.put(nil)
	p.put(&buffer{})

	// A buffer that was grown to an odd capacity must not be handed out for
	// more than it has.
	for range 100 {
		p.put(&buffer{b: make([]byte, 5000, 6000)})
		if b := p.get(8192); cap(b.b) < 8192 {
			t.Fatalf("get(8192) has capacity %d", cap(b.b))
		}
		if b := p.get(4096); len(b.b) != 0 || cap(b.b) < 4096 {
			t.Fatalf("get(4096) has length %d and capacity %d", len(b.b), cap(b.b))
		}
	}
}

func TestRequestIDsDiffer(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for range 1000 {
		ids := newRequestIDs()
		if seen[ids.request] || seen[ids.extended] {
			t.Fatalf("%+v was there before", ids)
		}
		seen[ids.request], seen[ids.extended] = true, true
	}
}
