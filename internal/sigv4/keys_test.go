package sigv4

import (
	"strconv"
	"strings"
	"testing"
	"unsafe"
)

// TestSigningKeysKeepNoHeaders looks at what the cache refers to: nothing of the
// requests that its keys are from.
func TestSigningKeysKeepNoHeaders(t *testing.T) {
	t.Parallel()
	header := strings.Repeat("20261120/us-east-1/kinesis/", 1000)
	given := scope{"secret", header[:8], header[9:18], header[19:26]}
	var k signingKeys
	k.put(given, []byte("key"))
	if got, ok := k.get(given); !ok || string(got) != "key" {
		t.Errorf("the key of %v is %q, %t", given, got, ok)
	}
	for kept := range k.keys {
		for i, pair := range [][2]string{{kept.date, given.date}, {kept.region, given.region}, {kept.service, given.service}} {
			if pair[0] != pair[1] || unsafe.StringData(pair[0]) == unsafe.StringData(pair[1]) {
				t.Errorf("part %d of the scope, %q, is a part of the header", i, pair[0])
			}
		}
	}
}

// TestSigningKeysAreBounded gives the cache more keys than it may have.
func TestSigningKeysAreBounded(t *testing.T) {
	t.Parallel()
	var k signingKeys
	for i := range maxSigningKeys + 1 {
		k.put(scope{region: strconv.Itoa(i)}, nil)
	}
	if n := len(k.keys); n > maxSigningKeys {
		t.Errorf("%d keys are kept", n)
	}
}
